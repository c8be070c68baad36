using StreamManager.Media;
using StreamManager.Media.Amf;

namespace StreamManager.Rtmp.Wire;

/// <summary>The values in command and data messages, whichever of the two types each has.</summary>
internal static class AmfEnvelope
{
    /// <summary>Reads all values.</summary>
    /// <exception cref="MediaFormatException">The body is no AMF.</exception>
    public static AmfList<AmfValue> Read(in RtmpMessage message) => Amf0Reader.ReadAll(Amf0Part(message).Span);

    /// <summary>
    /// The AMF0 part of the body. Types 15 and 17 begin with one byte that names the format, 0, and go on in AMF0; some senders leave it out. Names
    /// come first in all of these messages, and a name's marker is 2, so that a 0 can only be that byte.
    /// </summary>
    public static ReadOnlyMemory<byte> Amf0Part(in RtmpMessage message)
    {
        var isAmf3 = message.Type is RtmpMessageType.CommandAmf3 or RtmpMessageType.DataAmf3;
        return isAmf3 && message.Body.Length > 0 && message.Body.Span[0] == 0 ? message.Body[1..] : message.Body;
    }
}
