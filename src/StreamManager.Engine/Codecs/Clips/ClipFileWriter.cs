using System.Buffers;
using StreamManager.Engine.Programs;
using StreamManager.Media;
using StreamManager.Media.Avc;
using StreamManager.Media.Flv;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Codecs.Clips;

/// <summary>
/// Turns the FLV that ffmpeg writes into a clip's file: parameter sets in each key frame, times counted from frame numbers, sound aligned to the first picture.
/// The composition offset stays 0 here; see <see cref="ProgramFormat.CacheKey"/>.
/// </summary>
internal sealed class ClipFileWriter(Stream file, ProgramFormat format, Action<int>? onFrame)
{
    // The sound that comes before the first picture is at most the encoder's priming and the muxer's interleaving: a second is plenty.
    private const int MaxHeldAudio = 64;

    private readonly ArrayBufferWriter<byte> _out = new();
    private readonly List<FlvTag> _heldAudio = [];
    private AvcDecoderConfiguration? _configuration;
    private ReadOnlyMemory<byte>? _audioConfiguration;
    private uint? _videoStart;
    private int _videoCount;
    private int _audioCount;
    private int _audioOrigin;

    /// <summary>Pictures written.</summary>
    public int VideoFrameCount => _videoCount;

    /// <summary>Reads to the end of ffmpeg's output. Blocking.</summary>
    /// <exception cref="MediaFormatException">It is not what was asked for.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Consume(Stream flv)
    {
        var reader = new FlvStreamReader(flv);
        while (reader.TryRead(out var tag))
        {
            if (tag.Type is FlvTagType.Video && tag.Body.Length > ClipIndex.VideoHeaderSize) TakeVideo(tag);
            else if (tag.Type is FlvTagType.Audio && tag.Body.Length > ClipIndex.AudioHeaderSize) TakeAudio(tag);
        }

        Flush();
        if (_videoCount == 0) throw new MediaFormatException("no picture came out");
    }

    private void TakeVideo(FlvTag tag)
    {
        var body = tag.Body.Span;
        if (body[1] == (byte)LegacyVideoPacketType.SequenceHeader)
        {
            _configuration ??= AvcDecoderConfiguration.Read(body[ClipIndex.VideoHeaderSize..]);
            return;
        }

        if (body[1] != (byte)LegacyVideoPacketType.Nalus) return;
        if (_configuration is null) throw new MediaFormatException("a picture came before its decoder configuration");
        var isKeyframe = body[0] >> 4 == 1;
        if (_videoStart is null)
        {
            if (!isKeyframe) throw new MediaFormatException("the first picture is no key frame");
            _videoStart = tag.Timestamp;
            WriteHeaders(tag.Body);
            _heldAudio.ForEach(WriteAudio);
            _heldAudio.Clear();
        }

        var time = format.FrameRate.TimeOf(_videoCount);
        Write(FlvTagType.Video, time, isKeyframe ? AvcTag.WithParameterSets(body, _configuration.LengthSize, _configuration.ParameterSets) : body);
        onFrame?.Invoke(++_videoCount);
    }

    private void TakeAudio(FlvTag tag)
    {
        if (tag.Body.Span[1] == 0)
        {
            _audioConfiguration ??= tag.Body;
        }
        else if (_videoStart is null)
        {
            if (_heldAudio.Count == MaxHeldAudio) throw new MediaFormatException("the pictures start long after the sound");
            _heldAudio.Add(tag);
        }
        else
        {
            WriteAudio(tag);
        }
    }

    // AAC frames are counted, not timed: FLV's milliseconds would wander. The first tells where on the grid of frames the sound starts; the encoder's priming
    // frame lies before the first picture and is dropped.
    private void WriteAudio(FlvTag tag)
    {
        if (_audioCount == 0)
        {
            var milliseconds = unchecked((int)(tag.Timestamp - _videoStart!.Value));
            _audioOrigin = (int)Math.Round(milliseconds * (double)format.Audio.SampleRate / 1000 / ClipIndex.SamplesPerAudioFrame);
        }

        var position = _audioOrigin + _audioCount++;
        if (position < 0) return;
        Write(FlvTagType.Audio, MediaTime.FromUnits(position * (long)ClipIndex.SamplesPerAudioFrame, format.Audio.SampleRate), tag.Body.Span);
    }

    private void WriteHeaders(ReadOnlyMemory<byte> firstFrame)
    {
        FlvWriter.WriteHeader(_out, new(HasAudio: _audioConfiguration is not null, HasVideo: true));
        Write(FlvTagType.Video, MediaTime.Zero, AvcTag.Configuration(_configuration!.ToArray()));
        if (_audioConfiguration is { } audio) Write(FlvTagType.Audio, MediaTime.Zero, audio.Span);
    }

    private void Write(FlvTagType type, MediaTime time, ReadOnlySpan<byte> body)
    {
        FlvWriter.WriteTag(_out, type, (uint)time.Milliseconds, body);
        if (_out.WrittenCount > 256 * 1024) Flush();
    }

    private void Flush()
    {
        file.Write(_out.WrittenSpan);
        _out.ResetWrittenCount();
    }
}
