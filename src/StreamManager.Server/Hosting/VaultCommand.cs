using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Hosting;

/// <summary><c>stream-manager vault</c>: the key of the stored secrets.</summary>
internal static class VaultCommand
{
    /// <summary>The variable with the key to come. Not an argument: those show in process lists.</summary>
    private const string NextKeyVariable = "NEW_ENCRYPTION_KEY";

    /// <summary><c>stream-manager vault rotate</c>. 0: done.</summary>
    public static async Task<int> RotateAsync(CancellationToken cancellationToken) =>
        await RotateAsync(OptionsLoader.Load(), Environment.GetEnvironmentVariable(NextKeyVariable), Console.Out, Console.Error, cancellationToken);

    /// <summary>The same for given options.</summary>
    internal static async Task<int> RotateAsync(OptionsResult loaded, string? nextKey, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        if (loaded is OptionsResult.Invalid invalid)
        {
            await error.WriteLineAsync(invalid.Message);
            return ServeCommand.CannotStart;
        }

        var options = ((OptionsResult.Loaded)loaded).Options;
        using var loggers = LoggerFactory.Create(_ => { });
        try
        {
            Secret? next = null;
            if (!string.IsNullOrEmpty(nextKey) && !SettingTypes.EncryptionKey.Parse(nextKey, out next))
                throw new StartupException($"{NextKeyVariable} must be {SettingTypes.EncryptionKey.Allowed}.");
            await using var state = await ServerState.OpenAsync(options, TimeProvider.System, loggers, cancellationToken);
            await using var lease = await DatabaseLease.TakeForCommandAsync(state, options, TimeProvider.System, loggers, cancellationToken);
            await output.WriteLineAsync(
                await VaultRotation.RotateAsync(state.Store, options.EncryptionKey, next, options.DataDirectory, TimeProvider.System, cancellationToken));
            return 0;
        }
        catch (Exception e) when (e is StartupException or StoreUnavailableException or DamagedDocumentException)
        {
            await error.WriteLineAsync(e.Message);
            return ServeCommand.CannotStart;
        }
    }
}
