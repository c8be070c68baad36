using StreamManager.Media.Timing;

namespace StreamManager.Engine.Programs;

/// <summary>Plays a <see cref="FallbackContent"/> in a loop as one segment of a timeline, from its first keyframe.</summary>
internal sealed class FallbackPlayer
{
    private readonly FallbackContent _content;
    private readonly Timeline _timeline;
    private MediaTime _start;
    private long _nextFrame;
    private long _nextAudioFrame;

    /// <summary>Begins a segment of <paramref name="timeline"/> with the first frame of <paramref name="content"/>.</summary>
    public FallbackPlayer(FallbackContent content, Timeline timeline)
    {
        _content = content;
        _timeline = timeline;
        timeline.BeginSegment(MediaTime.Zero, MediaTime.Zero, keepsComposition: false);
    }

    /// <summary>The program time of the next video frame.</summary>
    public MediaTime NextDue => _timeline.PlaceOf(NextFrameTime);

    private MediaTime NextFrameTime => _start + _content.TimeOfFrame(_nextFrame);

    /// <summary>
    /// Adds all frames whose time is at or before <paramref name="programTime"/>: one, or as many as a late notice of a loss has left to fill. Where a frame is not at hand (the disk was
    /// too slow, or cannot be read) the content starts over: its beginning always is, and a program must not stand still.
    /// </summary>
    public void EmitUntil(MediaTime programTime, List<ProgramPacket> into)
    {
        while (NextDue is var due && due <= programTime)
        {
            if (_content.GetFrame((int)(_nextFrame % _content.FrameCount)) is not { } frame)
            {
                if (_nextFrame == 0)
                    return;
                StartOver();
                continue;
            }
            EmitAudioUntil(due, into);
            _timeline.AddCatchingUp(frame.At(NextFrameTime), into);
            _nextFrame++;
        }
    }

    private void StartOver()
    {
        _start = NextFrameTime;
        _nextFrame = 0;
        _nextAudioFrame = 0;
    }

    private void EmitAudioUntil(MediaTime due, List<ProgramPacket> into)
    {
        while (_content.AudioFrameCount > 0)
        {
            var loop = _nextAudioFrame / _content.AudioFrameCount;
            if (_content.GetAudioFrame((int)(_nextAudioFrame % _content.AudioFrameCount)) is not { } audio)
                break;
            var time = _start + _content.TimeOfFrame(loop * _content.FrameCount) + audio.DecodeTime;
            if (_timeline.PlaceOf(time) > due)
                return;
            _timeline.AddAudio(audio.At(time), into);
            _nextAudioFrame++;
        }
        _timeline.FillAudioUntil(due, into);
    }
}
