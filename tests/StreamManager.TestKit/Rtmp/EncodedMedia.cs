using System.Buffers;
using StreamManager.Media.Flv;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit.Media;

namespace StreamManager.TestKit.Rtmp;

/// <summary>A message and when it is to be sent, counted from the first: what a message is stamped with and when it comes are two things.</summary>
public sealed record TimedMessage(TimeSpan Due, RtmpMessage Message)
{
    /// <summary>Whether it is video.</summary>
    public bool IsVideo => Message.Type == RtmpMessageType.Video;

    /// <summary>Whether it is audio.</summary>
    public bool IsAudio => Message.Type == RtmpMessageType.Audio;

    /// <summary>Whether it is a video key frame (legacy or enhanced).</summary>
    public bool IsKeyframe => IsVideo && Message.Body.Length > 1 && (Message.Body.Span[0] & 0x70) == 0x10;

    /// <summary>The same, stamped otherwise.</summary>
    public TimedMessage Stamped(uint timestamp) => this with { Message = Message with { Timestamp = timestamp } };

    /// <summary>The same with another body.</summary>
    public TimedMessage WithBody(ReadOnlyMemory<byte> body) => this with { Message = Message with { Body = body } };
}

/// <summary>What a real encoder made, as the messages that it would send: for tests that send it in other orders, with other stamps or in other wrappings.</summary>
public sealed record EncodedMedia
{
    /// <summary>onMetaData behind <c>@setDataFrame</c>, as encoders send it.</summary>
    public required RtmpMessage Metadata { get; init; }

    /// <summary>The video configuration, stamped 0.</summary>
    public required RtmpMessage VideoConfiguration { get; init; }

    /// <summary>The audio configuration, stamped 0.</summary>
    public required RtmpMessage AudioConfiguration { get; init; }

    /// <summary>The frames in the order of their times.</summary>
    public required IReadOnlyList<TimedMessage> Frames { get; init; }

    /// <summary>Metadata and both configurations, to be sent at once.</summary>
    public IEnumerable<TimedMessage> Header => ((RtmpMessage[])[Metadata, AudioConfiguration, VideoConfiguration]).Select(message => new TimedMessage(TimeSpan.Zero, message));

    /// <summary>Header and frames: what a well-behaved encoder sends.</summary>
    public IEnumerable<TimedMessage> All => Header.Concat(Frames);

    /// <summary>Encodes (or takes from the cache) the first <paramref name="length"/> of a stream with these settings.</summary>
    public static async Task<EncodedMedia> LoadAsync(EncoderSettings settings, TimeSpan length)
    {
        var buffer = new ReadOnlySequence<byte>(await File.ReadAllBytesAsync(await PreparedFlv.GetAsync(settings)));
        if (!FlvReader.TryReadHeader(ref buffer, out _))
            throw new InvalidDataException("No FLV header.");
        RtmpMessage metadata = default, video = default, audio = default;
        List<TimedMessage> frames = [];
        while (FlvReader.TryReadTag(ref buffer, FlvReaderLimits.Default, out var tag) && tag.Timestamp < length.TotalMilliseconds)
        {
            var message = new RtmpMessage((RtmpMessageType)tag.Type, 1, tag.Timestamp, tag.Body);
            var isConfiguration = tag.Body.Length > 1 && tag.Body.Span[1] == 0;
            switch (tag.Type)
            {
                case FlvTagType.Script:
                    var data = RtmpDataMessage.Read(message);
                    metadata = new RtmpDataMessage(RtmpDataMessage.SetDataFrameName, [data.Name, .. data.Values.AsSpan()]).ToMessage(1, 0);
                    break;
                case FlvTagType.Video when isConfiguration:
                    video = message;
                    break;
                case FlvTagType.Audio when isConfiguration:
                    audio = message;
                    break;
                default:
                    frames.Add(new TimedMessage(TimeSpan.FromMilliseconds(tag.Timestamp), message));
                    break;
            }
        }

        return new EncodedMedia { Metadata = metadata, VideoConfiguration = video, AudioConfiguration = audio, Frames = frames };
    }
}
