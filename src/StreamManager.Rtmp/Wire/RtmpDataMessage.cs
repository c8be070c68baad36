using StreamManager.Media;
using StreamManager.Media.Amf;

namespace StreamManager.Rtmp.Wire;

/// <summary>A data message (types 18 and 15): a name and values; stream metadata above all.</summary>
/// <param name="Name">For example <c>@setDataFrame</c> or <c>onMetaData</c>.</param>
/// <param name="Values">What follows the name.</param>
public sealed record RtmpDataMessage(string Name, AmfList<AmfValue> Values)
{
    /// <summary>The name in front of metadata that a server shall keep and hand to every player.</summary>
    public const string SetDataFrameName = "@setDataFrame";

    /// <summary>The name of stream metadata.</summary>
    public const string OnMetaDataName = "onMetaData";

    /// <summary>Reads a data message.</summary>
    /// <exception cref="MediaFormatException">The body is no AMF, or does not begin with a name (ffmpeg sends four zero bytes for some data
    /// tracks). Only this message is lost.</exception>
    public static RtmpDataMessage Read(in RtmpMessage message)
    {
        var values = AmfEnvelope.Read(message);
        if (values.Count == 0 || values[0] is not AmfValue.String { Value: var name })
            throw new MediaFormatException("A data message without a name.");

        return new RtmpDataMessage(name, [.. values.AsSpan()[1..]]);
    }

    /// <summary>The same message in the AMF0 type 18; a message of another type than 15 is returned as it is. Nothing is parsed.</summary>
    public static RtmpMessage ToAmf0(in RtmpMessage message) =>
        message.Type is RtmpMessageType.DataAmf3
            ? message with { Type = RtmpMessageType.DataAmf0, Body = AmfEnvelope.Amf0Part(message).ToArray() }
            : message;

    /// <summary>The message as type 18.</summary>
    public RtmpMessage ToMessage(uint streamId, uint timestamp) =>
        new(RtmpMessageType.DataAmf0, streamId, timestamp, Amf0Writer.ToArray([Name, .. Values.AsSpan()]));
}
