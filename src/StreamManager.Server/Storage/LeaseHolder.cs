using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace StreamManager.Server.Storage;

/// <summary>Who puts the channels of a database on air.</summary>
/// <param name="Instance">Which server: the same after a restart on the same data directory.</param>
/// <param name="Host">The machine's name, for people.</param>
/// <param name="Since">When it started.</param>
internal sealed record LeaseHolder(string Instance, string Host, DateTimeOffset Since)
{
    /// <summary>In the data directory, so that a server that was killed finds its own lease again.</summary>
    private const string FileName = "instance.id";

    /// <summary>Longest name of a machine that is told; Linux allows 64.</summary>
    private const int LongestHost = 64;

    /// <summary>This server; makes the id at the first start.</summary>
    /// <param name="directory">The data directory, held by this process: nobody else has the id of its file.</param>
    /// <param name="now">The time of the start.</param>
    /// <exception cref="Hosting.StartupException">The file cannot be read or written.</exception>
    public static LeaseHolder Of(DataDirectoryLock directory, DateTimeOffset now)
    {
        var path = Path.Combine(directory.Folder, FileName);
        var id = SmallSecretFile.Read(path);
        if (id is not { Length: 16 } || !id.All(char.IsAsciiHexDigitLower))
        {
            id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
            SmallSecretFile.Write(path, id);
        }

        return new LeaseHolder(id, Environment.MachineName, now);
    }

    /// <inheritdoc/>
    public override string ToString() => $"host {Shown(Host)}, since {Since:u}, instance {Shown(Instance)}";

    // Whoever can write to the database may have written it.
    private static string Shown(string text) => string.Concat(text.Take(LongestHost).Select(c => char.IsControl(c) ? '?' : c));
}

/// <summary>How it is written.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(LeaseHolder))]
internal sealed partial class LeaseJson : JsonSerializerContext;
