using StreamManager.Engine.Sources;
using StreamManager.Engine.Tests.Programs;
using StreamManager.Media.Packets;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Tests.Sources;

public sealed class SourceClockTests
{
    private static readonly MediaTime Start = MediaTime.FromSeconds(1000);

    private readonly SourceClock _clock = new();

    [Theory]
    [InlineData(1900)]
    [InlineData(450)]
    [InlineData(250)]
    public void StepsAhead_JustBelowTheTolerance_WithEveryFrame_StayNearTheWall(int step)
    {
        var wall = Start;
        var first = _clock.Map(MediaKind.Video, 0, wall);
        var last = first;
        for (var frame = 1u; frame <= 10_000; frame++)
        {
            wall += MediaTime.FromMilliseconds(33);
            last = _clock.Map(MediaKind.Video, frame * (uint)step, wall);
        }
        // 333 s on the wall are seven windows of a minute.
        Assert.InRange((last - first - (wall - Start)).Seconds, -1, 7 * 2);
    }

    [Fact]
    public void StepsAhead_OfTwoTracksInTurn_CannotBorrowFromEachOther()
    {
        var random = new Random(4711);
        var wall = Start;
        uint video = 0;
        uint audio = 0;
        var last = MediaTime.Zero;
        for (var frame = 0; frame < 20_000; frame++)
        {
            wall += MediaTime.FromMilliseconds(20);
            // Both step ahead and back by all that is tolerated, so that their shifts differ.
            video += (uint)random.Next(-600, 1990);
            audio += (uint)random.Next(-600, 1990);
            last = MediaTime.Max(_clock.Map(MediaKind.Video, video, wall), _clock.Map(MediaKind.Audio, audio, wall));
        }
        Assert.InRange((last - (wall - Start)).Seconds, -400, 400);
    }

    [Fact]
    public void Stall_AndABurstOfAllThatWasHeldBack_KeepsTheEncodersOwnTime()
    {
        for (var stamp = 0; stamp < 600_000; stamp += 500)
        {
            // In every twenty seconds nothing comes for ten, then everything at once.
            var arrives = stamp % 20_000 >= 10_000 ? (stamp / 20_000 + 1) * 20_000 : stamp;
            Assert.Equal(stamp, Map(MediaKind.Video, (uint)stamp, arrives));
        }
    }

    [Fact]
    public void Encoder_ThatSendsFasterThanTheWall_KeepsItsSteps()
    {
        for (var frame = 0; frame < 9000; frame++)
        {
            var stamp = (uint)(frame * 100 / 3);
            Assert.Equal(stamp, _clock.Map(MediaKind.Video, stamp, Start + MediaTime.FromMilliseconds(frame)).Milliseconds);
        }
    }

    [Fact]
    public void StepAhead_BelowTheTolerance_IsMediaOnceInAWindow()
    {
        Assert.Equal(0, Map(MediaKind.Video, 0, 0));
        Assert.Equal(1500, Map(MediaKind.Video, 1500, 33));
        // The other track of the same step costs nothing more.
        Assert.Equal(1500, Map(MediaKind.Audio, 1500, 34));
        Assert.Equal(1533, Map(MediaKind.Video, 1533, 66));
        // The next one is a jump, and both tracks take it alike.
        Assert.Equal(1566, Map(MediaKind.Video, 3033, 99));
        Assert.Equal(1566, Map(MediaKind.Audio, 3033, 99));
        Assert.Equal(1599, Map(MediaKind.Video, 3066, 132));
        Assert.Equal(63_599, Map(MediaKind.Video, 65_066, 62_132));
        Assert.Equal(65_099, Map(MediaKind.Video, 66_566, 62_165));
    }

    [Fact]
    public void JumpByHours_OfBothTracks_IsAbsorbedInStep()
    {
        for (var frame = 0u; frame < 30; frame++)
        {
            Map(MediaKind.Video, frame * 33, (int)frame * 33);
            Map(MediaKind.Audio, frame * 33 + 10, (int)frame * 33);
        }
        var video = Map(MediaKind.Video, 36_000_000 + 990, 990);
        var audio = Map(MediaKind.Audio, 36_000_000 + 1000, 990);
        Assert.Equal(957 + 33, video);
        Assert.Equal(10, audio - video);
    }

    [Fact]
    public void Program_OfAnEncoderThatRunsAhead_IsNotFilledWithHoursOfSilence()
    {
        var harness = new ProgramHarness();
        harness.Publish(settings: new EncoderSettings { HasAudio = false, KeyframeEvery = 30 });
        harness.Run(3);
        var slot = harness.Slot("main");
        var begun = harness.Machine.Timeline!.LastVideo;
        var wall = harness.Now;
        var from = wall;
        var emitted = 0;
        for (var frame = 1u; frame <= 10_000; frame++)
        {
            wall += MediaTime.FromMilliseconds(33);
            harness.Machine.Receive(slot, Encoder.Picture(frame % 30 == 0, MediaTime.FromSeconds(10) + _clock.Map(MediaKind.Video, frame * 1900, wall)), wall);
            emitted += harness.Machine.Emitted.Count;
            harness.Machine.Emitted.Clear();
        }
        Assert.InRange((harness.Machine.Timeline!.LastVideo - begun - (wall - from)).Seconds, -10, 30);
        // A picture and its share of silence.
        Assert.InRange(emitted, 20_000, 32_000);
    }

    private long Map(MediaKind kind, uint timestamp, int wallMilliseconds) => _clock.Map(kind, timestamp, Start + MediaTime.FromMilliseconds(wallMilliseconds)).Milliseconds;
}
