using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using StreamManager.Server.Hosting;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Vaults;

namespace StreamManager.Server.Exports;

/// <summary>An export as it lies on a disk: readable when it has no secrets, else one sealed text.</summary>
/// <param name="Format">Always <see cref="FormatName"/>.</param>
/// <param name="Version">Version of the format.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="Content">What is in it; null when it is sealed.</param>
/// <param name="Salt">Salt of the passphrase; null when it is not sealed.</param>
/// <param name="Sealed">The content, sealed under the passphrase.</param>
internal sealed record ExportFile(string Format, int Version, DateTimeOffset CreatedAt, ExportContent? Content, string? Salt, string? Sealed)
{
    /// <summary>What the file is.</summary>
    public const string FormatName = "stream-manager-export";

    /// <summary>The version that this program writes and reads.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Most bytes of a file: 10,000 keys and 1,000 destinations are some 10 MB.</summary>
    public const int LargestFile = 256 << 20;

    /// <summary>Shortest passphrase: below it, guessing is a matter of hours whatever is done to slow it down.</summary>
    public const int ShortestPassphrase = 12;

    private const string Owner = "export";

    /// <summary>The file of a content; sealed when there is a passphrase.</summary>
    public static ExportFile Of(ExportContent content, Secret? passphrase, DateTimeOffset now)
    {
        if (passphrase is null)
            return new ExportFile(FormatName, CurrentVersion, now, content, null, null);
        using var master = MasterKey.FromPassphrase(passphrase, salt: null);
        return new ExportFile(FormatName, CurrentVersion, now, null, master.Salt, master.Seal(JsonSerializer.Serialize(content, ExportJson.Default.ExportContent), Owner));
    }

    /// <summary>Reads a file.</summary>
    /// <exception cref="StartupException">It is not an export, of another version, damaged, or the passphrase is missing or wrong.</exception>
    public static ExportContent Read(ReadOnlySpan<byte> bytes, Secret? passphrase)
    {
        ExportFile? file;
        try
        {
            file = JsonSerializer.Deserialize(bytes, ExportJson.Default.ExportFile);
        }
        catch (JsonException e)
        {
            throw new StartupException($"This is not an export, or it is damaged (line {e.LineNumber + 1 ?? 1}); nothing was changed.", e);
        }

        if (file is null || file.Format != FormatName)
            throw new StartupException("This is not an export of Stream Manager; nothing was changed.");
        if (file.Version != CurrentVersion)
            throw new StartupException($"This export has version {file.Version}, and this program reads version {CurrentVersion}; nothing was changed.");
        return file switch
        {
            { Sealed: { } text, Salt: { } salt } when Convert.TryFromBase64String(salt, new byte[salt.Length], out _) => Open(text, salt, passphrase),

            // Data keys and what they seal come sealed only: anybody may have written the rest.
            { Content: { Vault: null } content } => content,
            _ => throw new StartupException("This export is damaged: there is nothing in it. Nothing was changed."),
        };
    }

    private static ExportContent Open(string text, string salt, Secret? passphrase)
    {
        if (passphrase is null)
            throw new StartupException("This export is sealed. Set EXPORT_PASSPHRASE to the passphrase that it was made with.");
        using var master = MasterKey.FromPassphrase(passphrase, salt);
        try
        {
            return master.TryOpen(text, Owner) is { } json && JsonSerializer.Deserialize(json, ExportJson.Default.ExportContent) is { } content
                ? content
                : throw new StartupException("EXPORT_PASSPHRASE is not the passphrase that this export was made with, or the file is damaged. Nothing was changed.");
        }
        catch (JsonException e)
        {
            throw new StartupException("This export is damaged. Nothing was changed.", e);
        }
    }
}

/// <summary>What is in an export.</summary>
/// <param name="Vault">The data keys that sealed its secrets, wrapped by the passphrase; null without secrets.</param>
/// <param name="Documents">The documents.</param>
internal sealed record ExportContent(VaultDocument? Vault, ImmutableArray<ExportDocument> Documents);

/// <summary>One document.</summary>
internal sealed record ExportDocument(string Kind, string Id, string Body, DateTimeOffset? ExpiresAt);

/// <summary>How exports are written.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, WriteIndented = true)]
[JsonSerializable(typeof(ExportFile))]
[JsonSerializable(typeof(ExportContent))]
[JsonSerializable(typeof(OpenDestination))]
internal sealed partial class ExportJson : JsonSerializerContext;
