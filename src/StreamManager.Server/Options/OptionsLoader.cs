using System.Collections;
using System.Collections.Immutable;

namespace StreamManager.Server.Options;

/// <summary>Outcome of reading the configuration.</summary>
internal abstract record OptionsResult
{
    private OptionsResult()
    {
    }

    /// <summary>All is well; <paramref name="Notices"/> should be shown to the user.</summary>
    public sealed record Loaded(ServerOptions Options, ImmutableArray<string> Notices) : OptionsResult;

    /// <summary>The server must not start.</summary>
    public sealed record Invalid(ImmutableArray<OptionError> Errors) : OptionsResult
    {
        /// <summary>One message that lists them all.</summary>
        public string Message => OptionNotes.Describe(Errors);
    }
}

/// <summary>Puts the configuration together: built-in, under <c>config.yml</c>, under the environment. (What was saved through the API lies over it, see the state.)</summary>
internal static class OptionsLoader
{
    private static readonly SettingType<string> FilePath = SettingTypes.Text;

    /// <summary>Reads the environment of this process and the file that it names.</summary>
    public static OptionsResult Load() => Load(Variables, Environment.CurrentDirectory);

    /// <summary>Reads from given variables; relative paths start at <paramref name="workingDirectory"/>.</summary>
    public static OptionsResult Load(IReadOnlyDictionary<string, string> variables, string workingDirectory)
    {
        var errors = new OptionNotes();
        var notices = new List<string>();
        var environment = new EnvironmentSection(variables, errors);
        var options = new ServerOptions();

        options = options with
        {
            DataDirectory = Path.GetFullPath(environment.Read("DATA_DIR", FilePath, options.DataDirectory), workingDirectory),
        };
        var file = Path.GetFullPath(environment.Read("CONFIG_FILE", FilePath, "./config.yml"), workingDirectory);
        options = ConfigFileReader.Read(file, isRequired: environment.Has("CONFIG_FILE"), options with { ConfigurationFile = file }, errors);
        options = EnvironmentReader.Read(environment, options, notices);
        CheckUniqueness(options, errors);
        return errors.All.Count == 0 ? new OptionsResult.Loaded(options with { Settings = [.. errors.Settings] }, [.. notices]) : new OptionsResult.Invalid([.. errors.All]);
    }

    /// <summary>
    /// Where this machine's server tells its health. Both settings come by the environment alone, so that a mistake in <c>config.yml</c>, which a running server refuses and survives, does not keep
    /// anybody from asking it.
    /// </summary>
    public static OptionsResult LoadHealthEndpoint(IReadOnlyDictionary<string, string> variables)
    {
        var errors = new OptionNotes();
        var options = EnvironmentReader.ReadHealthEndpoint(new EnvironmentSection(variables, errors), new ServerOptions());
        return errors.All.Count == 0 ? new OptionsResult.Loaded(options, []) : new OptionsResult.Invalid([.. errors.All]);
    }

    /// <summary>The variables of this process.</summary>
    public static IReadOnlyDictionary<string, string> Variables =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value ?? "", StringComparer.Ordinal);

    /// <summary>What holds over all channels: a key leads to one source, an id to one destination.</summary>
    private static void CheckUniqueness(ServerOptions options, OptionNotes errors)
    {
        var keys = options.Channels.SelectMany(channel => new[]
        {
            (channel.Definition.Id, Key: "ingest_key", Secret: channel.IngestKey),
            (channel.Definition.Id, Key: "backup_ingest_key", Secret: channel.BackupIngestKey),
        });
        foreach (var same in keys.Where(entry => entry.Secret is not null).GroupBy(entry => entry.Secret!.Value, StringComparer.Ordinal).Where(group => group.Count() > 1))
            errors.Add("configuration", string.Join(" and ", same.Select(entry => $"{entry.Key} of channel {entry.Id}")), "are the same key; every source needs one of its own");

        var destinations = options.Channels.SelectMany(channel => channel.Destinations.Where(destination => destination.Name.Length > 0));
        foreach (var same in destinations.GroupBy(destination => destination.Id, StringComparer.Ordinal).Where(group => group.Count() > 1))
        {
            // Two of one channel were found while reading it; this is about "a-b" of main and "b" of channel a.
            if (options.Channels.Count(channel => channel.Destinations.Any(destination => destination.Id == same.Key)) > 1)
                errors.Add("configuration", $"destination \"{same.Last().Name}\"", $"gets the id {same.Key}, which another channel's destination has; give it another name");
        }
    }
}
