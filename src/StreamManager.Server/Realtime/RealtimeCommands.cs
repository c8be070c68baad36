using System.Collections.Frozen;
using StreamManager.Server.Api;
using StreamManager.Server.Options;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;

namespace StreamManager.Server.Realtime;

/// <summary>The commands that clients may send: those of the REST API by other names.</summary>
internal sealed class RealtimeCommands
{
    private static readonly SettingType<string> Id = new("an id", (string text, out string value) =>
    {
        value = text;
        return text.Length is > 0 and <= 100;
    });

    private readonly FrozenDictionary<string, (Permissions Needed, Handler Run)> _commands;

    /// <summary>Creates the table.</summary>
    public RealtimeCommands(ApiServices services)
    {
        var channels = new ChannelOperations(services);
        var destinations = new DestinationOperations(services);
        var streams = new StreamRoutes(services);
        _commands = new Dictionary<string, (Permissions, Handler)>(StringComparer.Ordinal)
        {
            ["status"] = (Permissions.View, OfChannel((id, asker, _) => Task.FromResult(channels.Status(id, asker.Host)))),
            ["start"] = (Permissions.Operate, OfChannel((id, asker, cancel) => channels.StartAsync(id, asker.Caller, asker.Host, cancel))),
            ["stop"] = (Permissions.Operate, OfChannel((id, asker, cancel) => channels.StopAsync(id, asker.Caller, asker.Host, cancel))),
            ["source.select"] = (Permissions.Operate, (fields, asker, cancel) => channels.SelectAsync(ChannelOf(fields), fields, asker.Caller, asker.Host, cancel)),
            ["destination.enable"] = (Permissions.Operate, OfOne("id", (id, asker, cancel) => destinations.SwitchAsync(id, isEnabled: true, asker.Caller, cancel))),
            ["destination.disable"] = (Permissions.Operate, OfOne("id", (id, asker, cancel) => destinations.SwitchAsync(id, isEnabled: false, asker.Caller, cancel))),
            ["destination.create"] = (Permissions.Manage, (fields, asker, cancel) => destinations.AddAsync(fields, asker.Caller, cancel)),
            ["destination.update"] = (DestinationOperations.ToChange, (fields, asker, cancel) =>
                fields.RequiredText("id", Id) is { } id ? destinations.ChangeAsync(id, fields, Whatever, asker.Caller, cancel) : Task.FromResult<IResult>(Problem.Invalid(fields.Errors))),
            ["destination.delete"] = (Permissions.Manage, OfOne("id", (id, asker, cancel) => destinations.RemoveAsync(id, Whatever, asker.Caller, cancel))),
            ["stream.kick"] = (Permissions.Operate, OfOne("clientId", (id, asker, _) => Task.FromResult(streams.Kick(id, asker.Caller)))),
        }.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private delegate Task<IResult> Handler(RequestFields fields, Asker asker, CancellationToken cancellationToken);

    /// <summary>The names of all commands.</summary>
    public IEnumerable<string> Names => _commands.Keys;

    /// <summary>Does what is asked, when the caller may.</summary>
    public async Task<IResult> RunAsync(RealtimeCommand command, Caller caller, string host, CancellationToken cancellationToken)
    {
        if (!_commands.TryGetValue(command.Type, out var found))
            return new Problem(StatusCodes.Status404NotFound, "unknown_command", "There is no such command.");
        if ((caller.Permissions & found.Needed) is Permissions.None)
            return Problem.Forbidden(found.Needed);
        var (fields, problem) = RequestFields.Read(command.Data);
        return fields is null ? problem! : await found.Run(fields, new Asker(caller, host), cancellationToken);
    }

    // A client that hears of every change has no need of tags.
    private static bool Whatever(string tag) => true;

    private static string ChannelOf(RequestFields fields) => fields.Text("channel", Id) ?? ChannelOptions.MainId;

    private static Handler OfChannel(Func<string, Asker, CancellationToken, Task<IResult>> run) => (fields, asker, cancel) =>
    {
        var id = ChannelOf(fields);
        fields.RefuseUnknown();
        return fields.Errors.Count > 0 ? Task.FromResult<IResult>(Problem.Invalid(fields.Errors)) : run(id, asker, cancel);
    };

    private static Handler OfOne(string name, Func<string, Asker, CancellationToken, Task<IResult>> run) => (fields, asker, cancel) =>
    {
        var id = fields.RequiredText(name, Id);
        fields.RefuseUnknown();
        return fields.Errors.Count > 0 ? Task.FromResult<IResult>(Problem.Invalid(fields.Errors)) : run(id!, asker, cancel);
    };

    /// <summary>Who asks, and by which name of ours.</summary>
    private sealed record Asker(Caller Caller, string Host);
}
