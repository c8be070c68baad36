using System.Buffers;
using StreamManager.Media.Amf;
using StreamManager.Media.Formats;
using StreamManager.Media.Packets;

namespace StreamManager.Engine.Programs;

/// <summary>
/// The <c>onMetaData</c> that we send: made from what the streams really are, because encoders leave things out and platforms show it to their users.
/// </summary>
internal static class StreamMetadata
{
    private const string Name = "onMetaData";

    /// <summary>Body of the data message, without <c>@setDataFrame</c>.</summary>
    public static ReadOnlyMemory<byte> Build(VideoFormat video, double frameSeconds, AudioFormat? audio)
    {
        List<AmfProperty> properties =
        [
            new("duration", 0),
            new("width", video.Width),
            new("height", video.Height),
            new("framerate", Math.Round(1 / frameSeconds, 3)),
            new("videocodecid", video.Codec == FourCc.Avc ? 7 : video.Codec.Value),
        ];
        if (audio is not null)
        {
            properties.Add(new("audiocodecid", audio.Codec == FourCc.Aac ? 10 : audio.Codec == FourCc.Mp3 ? 2 : audio.Codec.Value));
            properties.Add(new("audiosamplerate", audio.SampleRate));
            properties.Add(new("audiosamplesize", 16));
            properties.Add(new("audiochannels", audio.Channels));
            properties.Add(new("stereo", audio.Channels == 2));
        }
        properties.Add(new("encoder", "Stream Manager"));

        var output = new ArrayBufferWriter<byte>(512);
        Amf0Writer.Write(output, Name);
        Amf0Writer.Write(output, new AmfValue.EcmaArray([.. properties]));
        return output.WrittenMemory.ToArray();
    }

    /// <summary>The same for a server that we publish to: Adobe's and those that follow it want <c>@setDataFrame</c> in front.</summary>
    public static ReadOnlyMemory<byte> ForPublishing(ReadOnlyMemory<byte> metadata)
    {
        if (metadata.IsEmpty)
            return metadata;
        var output = new ArrayBufferWriter<byte>(metadata.Length + 32);
        Amf0Writer.Write(output, "@setDataFrame");
        output.Write(metadata.Span);
        return output.WrittenMemory.ToArray();
    }
}
