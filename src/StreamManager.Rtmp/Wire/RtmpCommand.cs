using StreamManager.Media;
using StreamManager.Media.Amf;

namespace StreamManager.Rtmp.Wire;

/// <summary>
/// A command (RTMP specification section 7.2): name, transaction id, command object, arguments. Types 20 (AMF0) and 17 carry the same: 17 has one
/// byte 0 in front, and its values may switch to AMF3 one by one.
/// </summary>
/// <param name="Name">The command.</param>
/// <param name="TransactionId">Pairs an answer with its request; 0 asks for none.</param>
/// <param name="CommandObject">Properties of the command, or null.</param>
/// <param name="Arguments">What follows.</param>
public sealed record RtmpCommand(string Name, double TransactionId, AmfValue CommandObject, AmfList<AmfValue> Arguments)
{
    /// <summary>Name of a positive answer.</summary>
    public const string ResultName = "_result";

    /// <summary>Name of a negative answer.</summary>
    public const string ErrorName = "_error";

    /// <summary>Name of a status.</summary>
    public const string OnStatusName = "onStatus";

    /// <summary>
    /// Reads a command message. A missing transaction id is 0 and a missing command object null, as encoders leave them out of commands that need
    /// no answer.
    /// </summary>
    /// <exception cref="MediaFormatException">The body is no AMF, or does not begin with a name. Only this message is lost.</exception>
    public static RtmpCommand Read(in RtmpMessage message)
    {
        var values = AmfEnvelope.Read(message);
        if (values.Count == 0 || values[0] is not AmfValue.String { Value: var name })
            throw new MediaFormatException("A command without a name.");

        var transactionId = values.Count > 1 && values[1] is AmfValue.Number { Value: var number } ? number : 0;
        var commandObject = values.Count > 2 ? values[2] : AmfValue.NullValue;
        return new RtmpCommand(name, transactionId, commandObject, values.Count > 3 ? [.. values.AsSpan()[3..]] : []);
    }

    /// <summary>The command as a message of type 20.</summary>
    public RtmpMessage ToMessage(uint streamId = 0) =>
        new(RtmpMessageType.CommandAmf0, streamId, Timestamp: 0, Amf0Writer.ToArray([Name, TransactionId, CommandObject, .. Arguments.AsSpan()]));

    /// <summary>The argument at a position, or null when there are not so many.</summary>
    public AmfValue? Argument(int index) => index < Arguments.Count ? Arguments[index] : null;

    /// <summary>The text argument at a position, or null when there is none or it is no text.</summary>
    public string? TextArgument(int index) => (Argument(index) as AmfValue.String)?.Value;

    /// <summary>A command without command object.</summary>
    public static RtmpCommand Create(string name, double transactionId, params ReadOnlySpan<AmfValue> arguments) =>
        new(name, transactionId, AmfValue.NullValue, [.. arguments]);

    /// <summary>A positive answer.</summary>
    public static RtmpCommand Result(double transactionId, AmfValue commandObject, params ReadOnlySpan<AmfValue> arguments) =>
        new(ResultName, transactionId, commandObject, [.. arguments]);

    /// <summary>A negative answer.</summary>
    public static RtmpCommand Error(double transactionId, string code, string description) =>
        new(ErrorName, transactionId, AmfValue.NullValue, [new RtmpStatus(RtmpStatus.ErrorLevel, code, description).ToValue()]);

    /// <summary>A status; it never asks for an answer.</summary>
    public static RtmpCommand OnStatus(RtmpStatus status) => new(OnStatusName, 0, AmfValue.NullValue, [status.ToValue()]);
}
