using StreamManager.Media.Amf;

namespace StreamManager.Rtmp.Wire;

/// <summary>The information object of <c>onStatus</c>, <c>_error</c> and the answer to <c>connect</c>.</summary>
/// <param name="Level"><see cref="StatusLevel"/> or <see cref="ErrorLevel"/>.</param>
/// <param name="Code">One of <see cref="RtmpStatusCodes"/>, or a peer's own.</param>
/// <param name="Description">Words for a person. From a peer: never logged raw.</param>
public sealed record RtmpStatus(string Level, string Code, string Description)
{
    /// <summary>All is well.</summary>
    public const string StatusLevel = "status";

    /// <summary>A refusal or a failure.</summary>
    public const string ErrorLevel = "error";

    /// <summary>Whether it tells of a failure.</summary>
    public bool IsError => string.Equals(Level, ErrorLevel, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Finds the information object of a command: the first argument that has a code, or the command object where a server put it there. Null when
    /// there is none.
    /// </summary>
    public static RtmpStatus? Find(RtmpCommand command)
    {
        foreach (var argument in command.Arguments.AsSpan())
        {
            if (From(argument) is { } status)
                return status;
        }

        return From(command.CommandObject);
    }

    /// <summary>The object, with <paramref name="more"/> properties after the usual three.</summary>
    public AmfValue.Object ToValue(params ReadOnlySpan<AmfProperty> more) =>
        new([new("level", Level), new("code", Code), new("description", Description), .. more]);

    private static RtmpStatus? From(AmfValue value) =>
        value.FindString("code") is { } code
            ? new RtmpStatus(value.FindString("level") ?? StatusLevel, code, value.FindString("description") ?? "")
            : null;
}

/// <summary>Status codes that are sent or understood here (RTMP specification section 7.2 and what servers and encoders made of it).</summary>
public static class RtmpStatusCodes
{
    /// <summary>connect was granted.</summary>
    public const string ConnectSuccess = "NetConnection.Connect.Success";

    /// <summary>connect was refused.</summary>
    public const string ConnectRejected = "NetConnection.Connect.Rejected";

    /// <summary>There is no such app.</summary>
    public const string ConnectInvalidApp = "NetConnection.Connect.InvalidApp";

    /// <summary>Enhanced RTMP: please connect again, perhaps elsewhere.</summary>
    public const string ConnectReconnectRequest = "NetConnection.Connect.ReconnectRequest";

    /// <summary>A command failed.</summary>
    public const string CallFailed = "NetConnection.Call.Failed";

    /// <summary>Publishing may begin.</summary>
    public const string PublishStart = "NetStream.Publish.Start";

    /// <summary>Wrong or busy key; OBS shows it as "invalid key".</summary>
    public const string PublishBadName = "NetStream.Publish.BadName";

    /// <summary>Publishing was refused.</summary>
    public const string PublishRejected = "NetStream.Publish.Rejected";

    /// <summary>Publishing is not allowed.</summary>
    public const string PublishDenied = "NetStream.Publish.Denied";

    /// <summary>Publishing has ended.</summary>
    public const string UnpublishSuccess = "NetStream.Unpublish.Success";

    /// <summary>What was played before is gone from the player.</summary>
    public const string PlayReset = "NetStream.Play.Reset";

    /// <summary>Playing begins.</summary>
    public const string PlayStart = "NetStream.Play.Start";

    /// <summary>Playing has ended.</summary>
    public const string PlayStop = "NetStream.Play.Stop";

    /// <summary>Playing failed.</summary>
    public const string PlayFailed = "NetStream.Play.Failed";

    /// <summary>There is no such stream.</summary>
    public const string PlayStreamNotFound = "NetStream.Play.StreamNotFound";

    /// <summary>The publisher has gone; tells a player that nothing more comes.</summary>
    public const string PlayUnpublishNotify = "NetStream.Play.UnpublishNotify";

    /// <summary>A failure without a better name.</summary>
    public const string StreamFailed = "NetStream.Failed";
}
