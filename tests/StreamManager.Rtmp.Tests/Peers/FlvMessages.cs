using System.Buffers;
using StreamManager.Media.Flv;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Rtmp.Tests.Peers;

/// <summary>FLV files as messages and back: the tag body is the message body.</summary>
internal static class FlvMessages
{
    /// <summary>The first <paramref name="milliseconds"/> of a file.</summary>
    public static List<RtmpMessage> Read(string file, uint milliseconds)
    {
        var buffer = new ReadOnlySequence<byte>(File.ReadAllBytes(file));
        Assert.True(FlvReader.TryReadHeader(ref buffer, out _));
        List<RtmpMessage> messages = [];
        while (FlvReader.TryReadTag(ref buffer, FlvReaderLimits.Default, out var tag) && tag.Timestamp < milliseconds)
            messages.Add(new RtmpMessage((RtmpMessageType)tag.Type, 1, tag.Timestamp, tag.Body));
        return messages;
    }

    public static void Write(string file, IEnumerable<RtmpMessage> messages)
    {
        var output = new ArrayBufferWriter<byte>();
        FlvWriter.WriteHeader(output, new FlvHeader(HasAudio: true, HasVideo: true));
        foreach (var message in messages)
        {
            // In a file, metadata stands without the command that keeps it.
            var body = message.Body;
            if (message.Type == RtmpMessageType.DataAmf0 && RtmpDataMessage.Read(message).Name == RtmpDataMessage.SetDataFrameName)
                body = body[(3 + RtmpDataMessage.SetDataFrameName.Length)..];
            FlvWriter.WriteTag(output, (FlvTagType)message.Type, message.Timestamp, body.Span);
        }

        File.WriteAllBytes(file, output.WrittenSpan);
    }
}
