using StreamManager.TestKit.Media;
using Xunit;

namespace StreamManager.TestKit.Tests.Media;

public sealed class FlvRecordingTests
{
    [Fact]
    public void Read_BackwardAndLargeSteps_AreReported()
    {
        var recording = FlvRecording.Read(Flv(
            (9, 0, [0x17, 0, 0, 0, 0, 1]), (9, 0, [0x17, 1, 0, 0, 0, 9]), (9, 33, [0x27, 1, 0, 0, 0, 9]), (9, 133, [0x27, 1, 0, 0, 0, 9]),
            (8, 0, [0xAF, 0, 0x11, 0x90]), (8, 50, [0xAF, 1, 0]), (8, 40, [0xAF, 1, 0]), (9, 140, [0x17, 2, 0, 0, 0])));

        Assert.Equal(3, recording.Video.Count);
        Assert.Equal(100, recording.Video.LargestStep);
        Assert.Equal("33 → 133 (100 ms)", recording.Video.DescribeStepsOver(35));
        Assert.Equal([0L], recording.Video.KeyframeTimes);
        Assert.Single(recording.Video.Configurations);
        Assert.False(recording.Audio.IsStrictlyIncreasing);
        Assert.Equal(-10, recording.Audio.SmallestStep);
        Assert.True(recording.HasEndOfSequence);
        Assert.False(recording.IsTruncated);
        Assert.Equal(TimeSpan.FromMilliseconds(133), recording.Duration);
    }

    [Fact]
    public void Read_TimestampsOverThe32BitLimit_GoOn()
    {
        var recording = FlvRecording.Read(Flv((9, 0xFFFFFFF0, [0x17, 1, 0, 0, 0, 9]), (9, 0x00000010, [0x27, 1, 0, 0, 0, 9])));
        Assert.Equal(32, recording.Video.LargestStep);
    }

    [Fact]
    public void Read_FileCutInsideATag_KeepsWhatIsWholeAndSaysSo()
    {
        var file = Flv((9, 0, [0x17, 1, 0, 0, 0, 9]), (9, 33, [0x27, 1, 0, 0, 0, 9]));
        var recording = FlvRecording.Read(file.AsSpan(0, file.Length - 6));
        Assert.Equal(1, recording.Video.Count);
        Assert.True(recording.IsTruncated);
    }

    [Fact]
    public void Read_SomethingElse_Throws() => Assert.Throws<InvalidDataException>(() => FlvRecording.Read("<html>not found</html>"u8));

    private static byte[] Flv(params (byte Type, uint Time, byte[] Body)[] tags) =>
        [.. "FLV"u8, 1, 5, 0, 0, 0, 9, 0, 0, 0, 0, .. tags.SelectMany(tag => (byte[])
            [tag.Type, 0, 0, (byte)tag.Body.Length, (byte)(tag.Time >> 16), (byte)(tag.Time >> 8), (byte)tag.Time, (byte)(tag.Time >> 24), 0, 0, 0,
                .. tag.Body, 0, 0, 0, (byte)(tag.Body.Length + 11)])];
}
