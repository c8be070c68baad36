using System.Text.Json;
using StreamManager.Server.Exports;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Hosting;

/// <summary><c>stream-manager export</c> and <c>import</c>: everything that was set through the API, in one file.</summary>
internal static class TransferCommands
{
    /// <summary>The variable with the passphrase. Not an argument: those show in process lists.</summary>
    public const string PassphraseVariable = "EXPORT_PASSPHRASE";

    /// <summary>Writes the file. 0: done.</summary>
    public static Task<int> ExportAsync(string path, bool withSecrets, CancellationToken cancellationToken) =>
        ExportAsync(OptionsLoader.Load(), path, withSecrets, Environment.GetEnvironmentVariable(PassphraseVariable), Console.Out, Console.Error, cancellationToken);

    /// <summary>Reads the file. 0: done.</summary>
    public static Task<int> ImportAsync(string path, CancellationToken cancellationToken) =>
        ImportAsync(OptionsLoader.Load(), path, Environment.GetEnvironmentVariable(PassphraseVariable), Console.Out, Console.Error, cancellationToken);

    /// <summary>The same with everything given.</summary>
    internal static Task<int> ExportAsync(
        OptionsResult loaded, string path, bool withSecrets, string? passphrase, TextWriter output, TextWriter error, CancellationToken cancellationToken) =>
        RunAsync(loaded, error, async options =>
        {
            var secret = withSecrets ? ReadPassphrase(passphrase) : null;
            if (File.Exists(path))
                throw new StartupException($"{path} is there already; nothing was written. Choose another name.");
            using var loggers = LoggerFactory.Create(_ => { });
            await using var state = await ServerState.OpenAsync(options, TimeProvider.System, loggers, cancellationToken);
            using var vault = await Vault.OpenAsync(state.Store, options.EncryptionKey, options.DataDirectory, TimeProvider.System, cancellationToken);
            var known = await Vault.Documents(state.Store).GetAsync(Vault.DocumentId, cancellationToken);
            using var master = withSecrets ? VaultMaster.Find(known!.Value, options.EncryptionKey, options.DataDirectory) : null;
            var content = await StateExporter.ReadAsync(state.Store, vault, master, secret, cancellationToken);
            DurableFile.Replace(path, JsonSerializer.SerializeToUtf8Bytes(ExportFile.Of(content, secret, TimeProvider.System.GetUtcNow()), ExportJson.Default.ExportFile));
            await output.WriteLineAsync(withSecrets
                ? $"{content.Documents.Length} documents with their secrets are in {path}, sealed with EXPORT_PASSPHRASE. config.yml and the files of the media library are not in it; copy them, too."
                : $"{content.Documents.Length} documents without secrets are in {path}: channels and destinations. Users and keys are not in it, and destinations need their stream keys again; use --with-secrets for all.");
        });

    /// <summary>The same with everything given.</summary>
    internal static Task<int> ImportAsync(OptionsResult loaded, string path, string? passphrase, TextWriter output, TextWriter error, CancellationToken cancellationToken) =>
        RunAsync(loaded, error, async options =>
        {
            var secret = string.IsNullOrEmpty(passphrase) ? null : new Secret(passphrase);
            var content = ExportFile.Read(ReadFile(path), secret);
            using var loggers = LoggerFactory.Create(_ => { });
            await using var state = await ServerState.OpenAsync(options, TimeProvider.System, loggers, cancellationToken);
            await using var lease = await DatabaseLease.TakeForCommandAsync(state, options, TimeProvider.System, loggers, cancellationToken);
            var count = await StateImporter.WriteAsync(content, secret, state.Store, options.EncryptionKey, options.DataDirectory, TimeProvider.System, cancellationToken);
            await output.WriteLineAsync($"{count} documents were imported. What had the same id was replaced, the rest stayed."
                + (content.Vault is null ? " Destinations are switched off until they have their stream keys again." : ""));
        });

    private static async Task<int> RunAsync(OptionsResult loaded, TextWriter error, Func<ServerOptions, Task> work)
    {
        if (loaded is OptionsResult.Invalid invalid)
        {
            await error.WriteLineAsync(invalid.Message);
            return ServeCommand.CannotStart;
        }

        try
        {
            await work(((OptionsResult.Loaded)loaded).Options);
            return 0;
        }
        catch (Exception e) when (e is StartupException or StoreUnavailableException or DamagedDocumentException or IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync(e.Message);
            return ServeCommand.CannotStart;
        }
    }

    private static Secret ReadPassphrase(string? passphrase) => passphrase is { Length: >= ExportFile.ShortestPassphrase }
        ? new Secret(passphrase)
        : throw new StartupException($"Set {PassphraseVariable} to a passphrase of at least {ExportFile.ShortestPassphrase} characters: the secrets are sealed with it.");

    private static byte[] ReadFile(string path)
    {
        if (!File.Exists(path))
            throw new StartupException($"There is no file {path}.");

        // The size that the system tells is not believed: a device has none and never ends.
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        var bytes = new byte[ExportFile.LargestFile + 1];
        var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return length <= ExportFile.LargestFile
            ? bytes[..length]
            : throw new StartupException($"{path} is larger than {ExportFile.LargestFile >> 20} MB; this is not an export.");
    }
}
