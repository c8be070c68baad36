using StreamManager.Server.Options;

namespace StreamManager.Server.Tests.Options;

/// <summary>Loads options from texts, through the same door as the server.</summary>
internal sealed class OptionsText : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sm-options-").FullName;

    public string Folder => _folder;

    public OptionsResult Load(string? yaml, params (string Name, string Value)[] environment)
    {
        var file = Path.Combine(_folder, "config.yml");
        if (yaml is not null)
            File.WriteAllText(file, yaml);
        else
            File.Delete(file);
        return OptionsLoader.Load(environment.ToDictionary(entry => entry.Name, entry => entry.Value), _folder);
    }

    public ServerOptions Good(string? yaml, params (string Name, string Value)[] environment)
    {
        var result = Load(yaml, environment);
        if (result is OptionsResult.Invalid invalid)
            Assert.Fail(invalid.Message);
        return ((OptionsResult.Loaded)result).Options;
    }

    public OptionsResult.Invalid Bad(string? yaml, params (string Name, string Value)[] environment) => Assert.IsType<OptionsResult.Invalid>(Load(yaml, environment));

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
