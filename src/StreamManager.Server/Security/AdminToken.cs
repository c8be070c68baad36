using System.Buffers.Text;
using System.Security.Cryptography;
using StreamManager.Server.Hosting;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Security;

/// <summary>The owner's token.</summary>
/// <param name="Token">The token itself.</param>
/// <param name="IsNew">It was made just now, so it must be shown once.</param>
/// <param name="File">Where it is kept; null when it comes from the environment.</param>
internal sealed record AdminToken(Secret Token, bool IsNew, string? File)
{
    private const string FileName = "admin.token";

    /// <summary>The configured token, or the kept one, or a new one of 32 random bytes.</summary>
    /// <exception cref="StartupException">The kept token cannot be used.</exception>
    public static AdminToken Load(Secret? configured, string dataDirectory)
    {
        if (configured is not null)
            return new AdminToken(configured, IsNew: false, File: null);
        var path = Path.Combine(dataDirectory, FileName);
        if (SmallSecretFile.Read(path) is { } kept)
        {
            return kept.Length >= 16
                ? new AdminToken(new Secret(kept), IsNew: false, path)
                : throw new StartupException($"{path} is damaged: the token in it is too short. Delete the file to have a new token made.");
        }

        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        SmallSecretFile.Write(path, token);
        return new AdminToken(new Secret(token), IsNew: true, path);
    }
}
