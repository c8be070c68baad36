using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Programs;

/// <summary>
/// The one continuous clock of a program. It puts the packets of one source after another onto the program's time without a hole, without an overlap and never
/// backwards, on each track; fills what is missing of the sound with silence; and keeps presentation time rising across a switch.
/// Pure: no clock, no I/O; the same calls give the same packets.
/// </summary>
/// <remarks>
/// <para>A <em>segment</em> is what one source contributes between two switches. Its first video frame is placed one frame after the last frame of the segment before; that
/// fixes the segment's offset. Its sound takes the same offset, moved by at most half an audio frame so that it continues the audio grid exactly.</para>
/// <para>Why presentation time needs care: a source with B-frames shows a picture some frames after its decode time, and the frame that happens to be the last one before
/// a cut may be the reference of pictures that never come. The fallback's first picture is then shown a frame after that one, later than its place; the fallback catches up by
/// decoding a little slower than it shows. So pictures keep their distance of one frame everywhere, which players and platforms with a fixed frame rate count on.</para>
/// </remarks>
internal sealed class Timeline
{
    /// <summary>
    /// How far sound may come later than the picture before silence takes its place. Encoders interleave within some hundred milliseconds; a track that is
    /// a second late has died.
    /// </summary>
    internal static readonly MediaTime AudioLateLimit = MediaTime.FromMilliseconds(1000);

    /// <summary>Rounding of timestamps to whole milliseconds, on both sides of a step.</summary>
    private static readonly MediaTime Rounding = MediaTime.FromMilliseconds(2);

    /// <summary>How much later than a frame's time the next picture is decoded while the fallback catches up: small enough to pass for rounding.</summary>
    private static readonly MediaTime Stretch = MediaTime.FromMilliseconds(1);

    /// <summary>
    /// For so long after the program's beginning, or a new format with which the outputs begin anew, nothing is stretched. Receivers guess the frame rate from the decode times of the first second or
    /// so (measured with ffmpeg 5.1: one millisecond more between two of the first 36 pictures makes 29.97 of 30, and a muxer at that rate finds two pictures at one time later on). What is late stays late that long.
    /// </summary>
    private static readonly MediaTime UnstretchedBeginning = MediaTime.FromMilliseconds(3000);

    /// <summary>
    /// An offset beyond this is nonsense: sixteen pictures, which is all that H.264 can reorder, are less even at eight a second. It must not push everything that follows away from its place.
    /// </summary>
    private static readonly MediaTime LongestReordering = MediaTime.FromMilliseconds(2000);

    private AudioGrid? _audio;
    private MediaTime _stretchesFrom = UnstretchedBeginning;
    private MediaTime _offset;
    private MediaTime _audioShift;
    private MediaTime _compositionShift;
    private MediaTime? _firstPresentation;
    private bool _videoBegun;
    private bool _audioBegun;
    private bool _hasSound;
    private bool _soundContinues = true;
    private long _audioFramesSinceAnchor;
    private MediaTime _audioAnchor;

    /// <summary>Creates a timeline whose first video frame and first audio frame will both stand at zero.</summary>
    /// <param name="videoFrame">Duration of a video frame: the step from the last frame of a segment to the first of the next.</param>
    /// <param name="audio">The program's audio layout; null: a codec that we cannot make silence for, or a program without sound.</param>
    public Timeline(MediaTime videoFrame, AudioGrid? audio)
    {
        VideoFrame = videoFrame;
        _audio = audio;
        LastVideo = MediaTime.Zero - videoFrame;
        LastPresentation = MediaTime.MinValue;
        LastAudio = MediaTime.Zero - (audio?.FrameDuration ?? MediaTime.Zero);
        AnchorAudio(LastAudio);
    }

    /// <summary>Duration of a video frame.</summary>
    public MediaTime VideoFrame { get; set; }

    /// <summary>Decode time of the last video frame.</summary>
    public MediaTime LastVideo { get; private set; }

    /// <summary>Decode time of the last audio frame.</summary>
    public MediaTime LastAudio { get; private set; }

    /// <summary>The latest presentation time of all video frames.</summary>
    public MediaTime LastPresentation { get; private set; }

    /// <summary>Where the next video frame of a new segment will stand.</summary>
    public MediaTime NextVideo => LastVideo + VideoFrame;

    /// <summary>Largest step between two video frames at a switch.</summary>
    public MediaTime LargestVideoStep { get; private set; }

    /// <summary>Largest step between two audio frames at a switch.</summary>
    public MediaTime LargestAudioStep { get; private set; }

    /// <summary>Another format, perhaps with another audio layout, from the next frame on: the outputs begin anew.</summary>
    public void BeginFormat(AudioGrid? audio)
    {
        _stretchesFrom = NextVideo + UnstretchedBeginning;
        _audio = audio;
        AnchorAudio(LastAudio);
    }

    /// <summary>Begins a segment: the next video frame, decoded at <paramref name="firstDecodeTime"/> on its own clock, goes to <see cref="NextVideo"/>.</summary>
    /// <param name="firstDecodeTime">The first frame's decode time on its source's clock.</param>
    /// <param name="firstCompositionOffset">Its composition offset.</param>
    /// <param name="keepsComposition">False: the segment's own packets are adjusted one by one by <see cref="AddCatchingUp"/>, and need no shift.</param>
    public void BeginSegment(MediaTime firstDecodeTime, MediaTime firstCompositionOffset, bool keepsComposition = true)
    {
        _offset = NextVideo - firstDecodeTime;
        _videoBegun = false;
        _audioBegun = false;
        _audioShift = MediaTime.Zero;
        _soundContinues = false;
        _compositionShift = keepsComposition ? ShiftToGrid(NextVideo + firstCompositionOffset) : MediaTime.Zero;
    }

    /// <summary>Adds a video frame of the current segment.</summary>
    public void AddVideo(MediaPacket packet, List<ProgramPacket> into) => AddVideo(packet, _compositionShift, into);

    /// <summary>The time at which a frame of the current segment will be decoded, as far as is known now.</summary>
    public MediaTime PlaceOf(MediaTime decodeTime) => decodeTime + _offset;

    /// <summary>
    /// Adds a video frame of the fallback, whose frames are all in presentation order: shown at its place, or one frame after the last picture where that is later. In that case the rest of
    /// the segment moves back by <see cref="Stretch"/>, until nothing is late any more; in the first seconds of a program or of a format it stays where it is.
    /// </summary>
    public void AddCatchingUp(MediaPacket packet, List<ProgramPacket> into)
    {
        var presentation = packet.DecodeTime + _offset + packet.CompositionOffset;
        if (!_videoBegun)
        {
            AddVideo(packet, ShiftToGrid(presentation), into);
            return;
        }
        var late = LastPresentation + VideoFrame - presentation;
        if (late <= Rounding / 2)
        {
            AddVideo(packet, MediaTime.Zero, into);
            return;
        }
        var stretch = NextVideo < _stretchesFrom ? MediaTime.Zero : MediaTime.Min(late, Stretch);
        _offset += stretch;
        AddVideo(packet, late - stretch, into);
    }

    /// <summary>Adds an audio frame of the current segment, with silence in front of it where sound is missing; leaves it out when its time has passed.</summary>
    public void AddAudio(MediaPacket packet, List<ProgramPacket> into)
    {
        var time = packet.DecodeTime + _offset + _audioShift;
        if (_audio is null)
        {
            if (time.Milliseconds <= LastAudio.Milliseconds && _hasSound)
                return;
            EmitAudio(packet, time, into);
            return;
        }

        var frame = _audio.FrameDuration;
        if (!_audioBegun)
        {
            // Before its segment's place on the grid: the segment before has covered this time.
            if (time < LastAudio + frame / 2)
                return;
            FillAudioUntil(time - frame / 2, into);
            var next = NextAudio();
            // Without a silent frame for this codec the hole before it stays.
            if (next < time - frame / 2)
                next = time;
            _audioShift = next - time;
            _audioBegun = true;
            EmitAudio(packet, next, into);
            return;
        }

        if (time.Milliseconds <= LastAudio.Milliseconds)
        {
            // Silence has been put where this frame belongs (it came too late), or the encoder repeats itself.
            if (time <= LastAudio - frame)
                return;
            time = MediaTime.FromMilliseconds(LastAudio.Milliseconds + 1);
        }
        // A whole frame is missing: encoders' stamps wander by some milliseconds, and that is not a hole.
        if (time - LastAudio >= frame * 2 - Rounding)
            FillAudioUntil(time - Rounding, into);
        EmitAudio(packet, time, into);
    }

    /// <summary>Puts silence after the last audio frame as long as a frame ends up at or before <paramref name="until"/>.</summary>
    public void FillAudioUntil(MediaTime until, List<ProgramPacket> into)
    {
        if (_audio?.SilentFrame is not { } silence)
            return;
        for (var next = NextAudio(); next <= until; next = NextAudio())
        {
            EmitAudio(silence, next, into, onGrid: true);
        }
    }

    /// <summary>
    /// What a segment's first picture has to be shown later so that it comes after every picture before, at a whole number of frames from the program's first picture: half a frame more would put
    /// all that follows between the times that a receiver with a fixed frame rate has for pictures, where the rounding to milliseconds makes two of them one. Counted from the first, so that
    /// the roundings of thousands of switches do not add up.
    /// </summary>
    private MediaTime ShiftToGrid(MediaTime presentation)
    {
        if (_firstPresentation is not { } first)
            return MediaTime.Zero;
        var earliest = MediaTime.Max(presentation, LastPresentation + VideoFrame) - Rounding - first;
        var frames = (earliest.Nanoseconds + VideoFrame.Nanoseconds - 1) / VideoFrame.Nanoseconds;
        var shift = first + VideoFrame * frames - presentation;
        return shift >= Rounding / 4 ? shift : MediaTime.Zero;
    }

    private void AddVideo(MediaPacket packet, MediaTime compositionShift, List<ProgramPacket> into)
    {
        var time = packet.DecodeTime + _offset;
        if (time.Milliseconds <= LastVideo.Milliseconds)
            time = MediaTime.FromMilliseconds(LastVideo.Milliseconds + 1);
        MediaTime? stepAtSwitch = null;
        if (!_videoBegun)
        {
            _videoBegun = true;
            if (_firstPresentation is not null)
            {
                stepAtSwitch = time - LastVideo;
                LargestVideoStep = MediaTime.Max(LargestVideoStep, time - LastVideo);
            }
        }
        if (compositionShift != MediaTime.Zero)
            packet = CompositionTimes.Shift(packet, compositionShift);
        LastVideo = time;
        LastPresentation = MediaTime.Max(LastPresentation, time + MediaTime.Min(packet.CompositionOffset, LongestReordering));
        _firstPresentation ??= LastPresentation;
        into.Add(new ProgramPacket(packet, time) { StepAtSwitch = stepAtSwitch });
    }

    private void EmitAudio(MediaPacket packet, MediaTime time, List<ProgramPacket> into, bool onGrid = false)
    {
        MediaTime? stepAtSwitch = null;
        if (!_soundContinues && _hasSound)
        {
            stepAtSwitch = time - LastAudio;
            LargestAudioStep = MediaTime.Max(LargestAudioStep, time - LastAudio);
        }
        (_soundContinues, _hasSound) = (true, true);
        LastAudio = time;
        if (onGrid)
            _audioFramesSinceAnchor++;
        else
            AnchorAudio(time);
        into.Add(new ProgramPacket(packet, time) { StepAtSwitch = stepAtSwitch });
    }

    // Steps of the grid are counted from the last real frame, not added up, so that hours of silence keep exact time.
    private MediaTime NextAudio() => _audioAnchor + _audio!.TimeOf(_audioFramesSinceAnchor + 1);

    private void AnchorAudio(MediaTime time)
    {
        _audioAnchor = time;
        _audioFramesSinceAnchor = 0;
    }
}
