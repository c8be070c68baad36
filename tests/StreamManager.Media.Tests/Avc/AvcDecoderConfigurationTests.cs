using StreamManager.Media.Avc;
using StreamManager.Media.Packets;
using StreamManager.Media.Tests.Support;

namespace StreamManager.Media.Tests.Avc;

public class AvcDecoderConfigurationTests
{
    // Two sets with the ids 0 and 1 (baseline, 64x64), and picture sets with the ids 0 to 2, built field by field below.
    private static readonly byte[] Sps0 = Sps(0);
    private static readonly byte[] Sps1 = Sps(1);

    private static byte[] Sps(uint id, byte profile = 66)
    {
        var writer = new Media.Bits.BitWriter();
        writer.WriteBits(profile, 8);
        writer.WriteBits(0xC0, 8);
        writer.WriteBits(30, 8);
        writer.WriteUnsignedExpGolomb(id);
        if (profile >= 100)
        {
            writer.WriteUnsignedExpGolomb(1); // 4:2:0
            writer.WriteUnsignedExpGolomb(0);
            writer.WriteUnsignedExpGolomb(0);
            writer.WriteBits(0, 2);
        }
        writer.WriteUnsignedExpGolomb(0); // frame_num of 4 bits
        writer.WriteUnsignedExpGolomb(2); // order by decoding
        writer.WriteUnsignedExpGolomb(1); // one reference
        writer.WriteFlag(false);
        writer.WriteUnsignedExpGolomb(3);
        writer.WriteUnsignedExpGolomb(3);
        writer.WriteBits(0b1100, 4); // frames only, direct 8x8, no cropping, no usability information
        writer.WriteTrailingBits();
        return [0x67, .. NalUnits.AddEmulationPrevention(writer.ToArray())];
    }

    private static byte[] Pps(uint id, uint sps)
    {
        var writer = new Media.Bits.BitWriter();
        writer.WriteUnsignedExpGolomb(id);
        writer.WriteUnsignedExpGolomb(sps);
        writer.WriteBits(0, 2);
        writer.WriteUnsignedExpGolomb(0);
        writer.WriteUnsignedExpGolomb(2);
        writer.WriteUnsignedExpGolomb(0);
        writer.WriteBits(0b100, 3); // weighted prediction
        writer.WriteSignedExpGolomb(-3);
        writer.WriteSignedExpGolomb(0);
        writer.WriteSignedExpGolomb(0);
        writer.WriteBits(0b100, 3); // deblocking control
        writer.WriteTrailingBits();
        return [0x68, .. NalUnits.AddEmulationPrevention(writer.ToArray())];
    }

    private static AvcDecoderConfiguration Make(byte[][] sps, byte[][] pps) =>
        AvcDecoderConfiguration.FromParameterSets(sps.Select(set => (ReadOnlyMemory<byte>)set), pps.Select(set => (ReadOnlyMemory<byte>)set));

    [Theory]
    [InlineData("baseline", false)]
    [InlineData("main", false)]
    [InlineData("high", true)]
    public void Record_OfX264_IsWrittenAsItWas(string profile, bool hasTail)
    {
        var packets = Encoded.X264("320x240", "25", 1, "-profile:v", profile);
        var record = packets.First(packet => packet.Content == PacketContent.Configuration).Payload.ToArray();
        var read = AvcDecoderConfiguration.Read(record);
        Assert.Equal((hasTail, 4), (read.HighProfileTail is not null, read.LengthSize));
        Assert.Equal(Hex.Text(record), Hex.Text(read.ToArray()));
        Assert.Equal(Hex.Text(record), Hex.Text(AvcDecoderConfiguration.FromParameterSets(read.SequenceParameterSets, read.PictureParameterSets).ToArray()));
        Prefixes.AllBroken(hasTail ? record[..^4] : record, bytes => AvcDecoderConfiguration.Read(bytes));
    }

    [Fact]
    public void Record_OfAHighProfileWithoutTail_IsAcceptedAndStaysSo()
    {
        var record = Make([Sps(0, 100)], [Pps(0, 0)]).ToArray()[..^4];
        var read = AvcDecoderConfiguration.Read(record);
        Assert.Null(read.HighProfileTail);
        Assert.Equal(record, read.ToArray());
    }

    [Fact]
    public void Record_WithSeveralPictureSets_KeepsThem()
    {
        var read = AvcDecoderConfiguration.Read(Make([Sps0], [Pps(0, 0), Pps(1, 0), Pps(2, 0)]).ToArray());
        Assert.Equal([0, 1, 2], read.PictureParameterSets.Select(set => AvcPictureParameterSet.ReadId(set.Span)));
    }

    [Theory]
    [InlineData("02 42C01E FF E1 0001 67 01 0001 68")] // version
    [InlineData("01 42C01E FF E0 01 0001 68")] // no sequence set
    [InlineData("01 42C01E FF E1 0001 67 00")] // no picture set
    [InlineData("01 42C01E FF E1 0001 68 01 0001 68")] // a picture set in the place of a sequence set
    [InlineData("01 42C01E FF E1 0000 01 0001 68")] // an empty set
    [InlineData("01 42C01E FF E1 0007 6742C01EDA0280 01 0001 68")] // a picture set that ends before its id
    [InlineData("01 42C01E FF E2 0007 6742C01EDA0280 0004 6742C01E 01 0002 6880")] // a second sequence set that ends before its id
    public void Record_ThatCannotBe_IsBroken(string hex) => Assert.Throws<MediaFormatException>(() => AvcDecoderConfiguration.Read(Hex.Bytes(hex)));

    [Fact]
    public void Records_OfTwoStreams_MergeWhenTheirIdsDiffer()
    {
        var live = Make([Sps0], [Pps(0, 0)]);
        var clip = Make([Sps1], [Pps(1, 1)]);
        var both = live.WithParameterSets(clip)!;
        Assert.Equal([Sps0, Sps1], both.SequenceParameterSets.Select(set => set.ToArray()));
        Assert.Equal([Pps(0, 0), Pps(1, 1)], both.PictureParameterSets.Select(set => set.ToArray()));
        Assert.Equal(Hex.Text(both.ToArray()), Hex.Text(both.WithParameterSets(clip)!.ToArray()));
    }

    [Fact]
    public void Records_WithOneIdForDifferentSets_DoNotMerge()
    {
        var live = Make([Sps0], [Pps(0, 0)]);
        Assert.Null(live.WithParameterSets(Make([Sps(0, 77)], [Pps(1, 0)])));
        Assert.Null(live.WithParameterSets(Make([Sps1], [Pps(0, 1)])));
    }

    [Fact]
    public void PictureSet_Read_SaysWhatASliceHeaderNeeds()
    {
        var set = AvcPictureParameterSet.Read(Pps(200, 31));
        Assert.Equal((200, 31, false, false, 1), (set.Id, set.SequenceId, set.IsCabac, set.HasBottomFieldOrder, set.SliceGroups));
        Assert.Equal((3, 1, true, 0, 23), (set.DefaultReferencesL0, set.DefaultReferencesL1, set.WeightedPrediction, set.WeightedBiprediction, set.InitialQp));
        Assert.Equal((true, false, false, false), (set.HasDeblockingControl, set.ConstrainedIntraPrediction, set.HasRedundantPictureCount, set.Transform8x8));
        Prefixes.AllBroken(Pps(200, 31)[..^1], bytes => AvcPictureParameterSet.Read(bytes));
    }

    [Theory]
    [InlineData("high", 1)]
    [InlineData("baseline", 0)]
    public void PictureSet_OfX264_SaysItsEntropyCoderAndTransform(string profile, int high)
    {
        var set = AvcPictureParameterSet.Read(Encoded.Configuration(Encoded.X264("320x240", "25", 1, "-profile:v", profile)).PictureParameterSets[0].Span);
        Assert.Equal((high == 1, high == 1), (set.IsCabac, set.Transform8x8));
    }

    [Fact]
    public void SequenceSet_CutAnywhere_IsBroken() => Prefixes.AllBroken(Sps0[..^1], bytes => AvcSequenceParameterSet.Read(bytes));

    [Fact]
    public void SequenceSet_Captured_IsRead()
    {
        // The head of the set that an ffmpeg 5.1 publish of 160x90 was captured with.
        Assert.Equal(0, AvcSequenceParameterSet.ReadId(Hex.Bytes("67 42C00A DA0A37E4C04400")));
    }

    [Fact]
    public void Sets_OfAnyBytes_NeverCrash()
    {
        var random = new Random(7);
        for (var i = 0; i < 50_000; i++)
        {
            var bytes = new byte[1 + random.Next(40)];
            random.NextBytes(bytes);
            bytes[0] = (byte)(i % 2 == 0 ? 0x67 : 0x68);
            Prefixes.OnlyFormatException(bytes, nal => AvcSequenceParameterSet.Read(nal));
            Prefixes.OnlyFormatException(bytes, nal => AvcPictureParameterSet.Read(nal));
        }
    }
}
