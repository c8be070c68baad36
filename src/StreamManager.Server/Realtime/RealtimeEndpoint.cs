using System.Net.WebSockets;
using System.Text.Json;
using StreamManager.Server.Api;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Hosting;
using StreamManager.Server.Security;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Realtime;

/// <summary>
/// The WebSocket: <c>/ws</c> on the API's port, <c>/</c> and <c>/ws</c> on its own. Lets clients in (by header, by the session's cookie, or by their first frame), and runs the loop that reads
/// what each sends.
/// </summary>
internal sealed partial class RealtimeEndpoint(RealtimeHub hub, RealtimeCommands commands, AccountParts accounts, TimeProvider time, ILogger<RealtimeEndpoint> logger)
{
    /// <summary>Where it is.</summary>
    public const string Path = "/ws";

    private readonly ConnectionLimiter _limiter = new(RealtimeLimits.MostClients, RealtimeLimits.MostClientsOfAnAddress);

    private static Problem UpgradeRequired { get; } = new(StatusCodes.Status426UpgradeRequired, "upgrade_required", "This address speaks WebSocket only.");

    private static Problem TooMany { get; } = new(StatusCodes.Status503ServiceUnavailable, "too_many_clients", "There are too many WebSocket clients. Try again later.");

    private static Problem NoToken { get; } = new(
        StatusCodes.Status401Unauthorized, "unauthorized", "A valid token is needed.", """The first frame must be { "type": "auth", "data": { "token": "TOKEN" } }.""");

    private static Problem NoText { get; } = new(StatusCodes.Status400BadRequest, "not_text", "Frames must be text.");

    private static Problem TooLarge { get; } =
        new(StatusCodes.Status413PayloadTooLarge, "too_large", $"A frame must not be larger than {RealtimeLimits.MostMessageBytes} bytes.");

    private static Problem TooOften { get; } =
        new(StatusCodes.Status429TooManyRequests, "too_many_commands", $"No more than {RealtimeLimits.CommandsPerSecond} commands a second are taken.");

    /// <summary>Adds the route. It needs nothing: who has no header says who he is in his first frame.</summary>
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet(Path, (HttpRequest request) => AcceptAsync(request.HttpContext)).Needs(Permissions.None)
        .Describes("openWebSocket", "The WebSocket: states, events and metrics as they come, and commands.", route => route.GivesNothing(StatusCodes.Status101SwitchingProtocols)
            .Refuses(401, "unauthorized").Refuses(403, "forbidden").Refuses(426, "upgrade_required").Refuses(503, "too_many_clients"));

    private async Task<IResult> AcceptAsync(HttpContext context)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.Headers.Upgrade = "websocket";
            return UpgradeRequired;
        }

        Caller? caller = null;
        Func<CancellationToken, ValueTask<Caller?>>? recheck = null;
        var cookie = SessionCookie.Read(context.Request);
        if (context.Request.Headers.Authorization.Count > 0 || cookie is not null)
        {
            var authentication = await accounts.Authenticator.AuthenticateAsync(context, allowQuery: false);
            if (authentication is not Authentication.Granted { Caller: var known })
                return authentication is Authentication.Forged ? Problem.Antiforgery : Problem.Unauthorized;
            if (!known.Permissions.HasFlag(Permissions.View))
                return Problem.Forbidden(Permissions.View);
            caller = known;
            recheck = context.Request.Headers.Authorization.Count > 0 ? RecheckToken(TokenOf(context.Request)) : RecheckSession(cookie!);
        }

        var address = Addresses.Text(context.Connection.RemoteIpAddress);
        if (!_limiter.TryEnter(address))
        {
            RealtimeMetrics.Dropped.Add(1, RealtimeMetrics.Reason("too_many"));
            return TooMany;
        }

        try
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync(
                new WebSocketAcceptContext { KeepAliveInterval = RealtimeLimits.PingInterval, KeepAliveTimeout = RealtimeLimits.PingTimeout });
            await ServeAsync(new RealtimeClient(socket, address, context.Request.Host.Host, time) { Caller = caller, Recheck = recheck }, context);
        }
        finally
        {
            _limiter.Leave(address);
        }

        return TypedResults.Empty;
    }

    private async Task ServeAsync(RealtimeClient client, HttpContext context)
    {
        if (!hub.TryAdd(client))
            return;
        try
        {
            if (client.Caller is not null)
                hub.Greet(client);
            var allowance = (double)RealtimeLimits.MostSavedCommands;
            var last = time.GetTimestamp();
            while (true)
            {
                // After a farewell of ours nothing is done any more; the client's own is still waited for.
                if (client.IsClosing)
                {
                    await client.DiscardAsync(context.RequestAborted);
                    return;
                }

                var received = await client.ReceiveAsync(context.RequestAborted);
                if (received.Kind is ReceivedKind.Closed)
                {
                    // Its farewell, or the answer to ours: whoever said it first has the code.
                    client.Close(WebSocketCloseStatus.NormalClosure, "", reason: null);
                    return;
                }

                if (client.IsClosing)
                    continue;
                var now = time.GetTimestamp();
                allowance = Math.Min(RealtimeLimits.MostSavedCommands, allowance + (time.GetElapsedTime(last, now).TotalSeconds * RealtimeLimits.CommandsPerSecond)) - 1;
                last = now;
                if (allowance < 0)
                    Refuse(client, null, TooOften, WebSocketCloseStatus.PolicyViolation, "too_often");
                else
                    await TakeAsync(client, received, context);
            }
        }
        catch (WebSocketException e) when (e.WebSocketErrorCode is not WebSocketError.ConnectionClosedPrematurely && client.TrySilence("protocol"))
        {
            // It broke the protocol, and the framework has sent it a farewell that says so (1002, or 1007 for what is no UTF-8). To dispose of the socket now would reset the connection, and the
            // farewell be lost on the way.
            await Task.Delay(RealtimeLimits.CloseTimeout, time, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // Gone, or cut off.
        }
        finally
        {
            hub.Remove(client);
        }
    }

    private async Task TakeAsync(RealtimeClient client, Received received, HttpContext context)
    {
        switch (received.Kind)
        {
            case ReceivedKind.Binary:
                Refuse(client, null, NoText, WebSocketCloseStatus.InvalidMessageType, "binary");
                return;
            case ReceivedKind.TooLarge:
                Refuse(client, null, TooLarge, WebSocketCloseStatus.MessageTooBig, "too_large");
                return;
        }

        var (command, id, problem) = RealtimeCommand.Read(received.Text);
        if (command is null)
        {
            // What is no JSON will not become any; what is only wrong is answered.
            if (problem!.Code == "malformed_json")
                Refuse(client, id, problem, WebSocketCloseStatus.InvalidPayloadData, "malformed");
            else if (client.Caller is null)
                Refuse(client, id, problem, WebSocketCloseStatus.PolicyViolation, "unauthenticated");
            else
                client.Send(RealtimeFrame.Answer(time.GetUtcNow(), id, problem));
            return;
        }

        if (client.Caller is null)
            await AuthenticateAsync(client, command, context);
        else if (command.Type == "auth")
            client.Send(RealtimeFrame.Answer(time.GetUtcNow(), command.Id, new Problem(StatusCodes.Status409Conflict, "already_authenticated", "Who you are is known already.")));
        else
            await RunAsync(client, command, context);
    }

    private async Task AuthenticateAsync(RealtimeClient client, RealtimeCommand command, HttpContext context)
    {
        var token = command.Type == "auth" && command.Data is { ValueKind: JsonValueKind.Object } data && data.TryGetProperty("token", out var text) && text.ValueKind is JsonValueKind.String
            ? text.GetString()
            : null;
        if (token is null)
        {
            Refuse(client, command.Id, NoToken, WebSocketCloseStatus.PolicyViolation, "unauthenticated");
            return;
        }

        Caller? caller;
        try
        {
            caller = await accounts.Authenticator.FindAsync(token, context.RequestAborted);
        }
        catch (StoreUnavailableException e)
        {
            Refuse(client, command.Id, Problem.StoreUnavailable(e.Message), WebSocketCloseStatus.EndpointUnavailable, "store_away");
            return;
        }

        if (caller is null)
        {
            await accounts.Authenticator.DelayAsync(context);
            Refuse(client, command.Id, NoToken, WebSocketCloseStatus.PolicyViolation, "unauthenticated");
        }
        else if (!caller.Permissions.HasFlag(Permissions.View))
        {
            Refuse(client, command.Id, Problem.Forbidden(Permissions.View), WebSocketCloseStatus.PolicyViolation, "unauthenticated");
        }
        else
        {
            client.Recheck = RecheckToken(token);
            client.Caller = caller;
            client.Send(RealtimeFrame.Answer(time.GetUtcNow(), command.Id, TypedResults.NoContent()));
            hub.Greet(client);
        }
    }

    private async Task RunAsync(RealtimeClient client, RealtimeCommand command, HttpContext context)
    {
        IResult result;
        try
        {
            // A token that was revoked a moment ago does nothing any more.
            if (await client.Recheck!(context.RequestAborted) is not { } caller)
            {
                Refuse(client, command.Id, Problem.Unauthorized, WebSocketCloseStatus.PolicyViolation, "revoked");
                return;
            }

            result = await commands.RunAsync(command, caller, client.Host, context.RequestAborted);
        }
        catch (StoreUnavailableException e)
        {
            result = Problem.StoreUnavailable(e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotSaved(logger, e);
            result = Problem.NotSaved;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFailed(logger, e);
            result = Problem.Internal;
        }

        client.Send(RealtimeFrame.Answer(time.GetUtcNow(), command.Id, result));
    }

    private void Refuse(RealtimeClient client, JsonElement? id, Problem problem, WebSocketCloseStatus status, string reason)
    {
        client.Send(RealtimeFrame.Answer(time.GetUtcNow(), id, problem));
        client.Close(status, problem.Title, reason);
    }

    private Func<CancellationToken, ValueTask<Caller?>> RecheckToken(string token) => cancellationToken => accounts.Authenticator.FindAsync(token, cancellationToken);

    private Func<CancellationToken, ValueTask<Caller?>> RecheckSession(string cookie) => async cancellationToken =>
        await accounts.Sessions.FindAsync(cookie, await accounts.Directory.GetAsync(cancellationToken), cancellationToken);

    private static string TokenOf(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header[(header.IndexOf(' ', StringComparison.Ordinal) + 1)..].Trim();
    }

    [LoggerMessage(1, LogLevel.Error, "A command of a WebSocket client failed.")]
    private static partial void LogFailed(ILogger logger, Exception exception);

    [LoggerMessage(2, LogLevel.Error, "A change that a WebSocket client asked for could not be saved.")]
    private static partial void LogNotSaved(ILogger logger, Exception exception);
}
