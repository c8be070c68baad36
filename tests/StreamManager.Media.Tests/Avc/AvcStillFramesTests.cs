using StreamManager.Media.Avc;
using StreamManager.Media.Flv;
using StreamManager.Media.Packets;
using StreamManager.Media.Tests.Support;

namespace StreamManager.Media.Tests.Avc;

/// <summary>The judge is a real decoder: what we write must decode without a word, and give the key frame's picture again and again.</summary>
public class AvcStillFramesTests
{
    private const int Stills = 30;

    public static TheoryData<string, string, string> Streams => new()
    {
        { "baseline, CAVLC, order by decoding", "320x240", "-profile:v baseline" },
        { "baseline, sides that are no multiple of 16", "322x242", "-profile:v baseline" },
        { "main, CABAC", "320x240", "-profile:v main -bf 0" },
        { "main, CABAC, B-frames", "640x360", "-profile:v main -bf 3" },
        { "main, CAVLC, B-frames", "640x360", "-profile:v main -bf 3 -coder 0" },
        { "high, CABAC, weights, 8x8", "640x360", "-profile:v high -bf 3 -x264-params weightp=2:8x8dct=1:ref=4" },
        { "high, CAVLC, weights", "640x360", "-profile:v high -bf 0 -coder 0 -x264-params weightp=2:ref=4" },
        { "high, several slices, pyramid", "640x360", "-profile:v high -bf 3 -x264-params slices=4:b-pyramid=normal:ref=5" },
        { "one reference", "320x240", "-profile:v high -refs 1 -bf 0" },
        { "access unit delimiters", "320x240", "-profile:v high -bf 2 -x264-params aud=1:open-gop=0" },
        { "lowest QP", "320x240", "-profile:v high -qp 1" },
        { "highest QP", "320x240", "-profile:v high -qp 51 -bf 0" },
        { "zerolatency ultrafast", "1280x720", "-preset ultrafast -tune zerolatency" },
        { "one macroblock", "16x16", "-profile:v main -bf 0" },
        { "64x64", "64x64", "-profile:v high" },
        { "1080p, CABAC", "1920x1080", "-profile:v high -preset veryfast" },
        { "1080p, CAVLC", "1920x1080", "-profile:v high -preset veryfast -coder 0" },
        { "deblocking always on", "320x240", "-profile:v high -x264-params deblock=6,6" },
        { "4:2:2, 10 bits", "320x240", "-pix_fmt yuv422p10le -x264-params weightp=2" },
        { "4:4:4", "320x240", "-pix_fmt yuv444p -x264-params weightp=2" },
        { "monochrome", "320x240", "-pix_fmt gray -x264-params weightp=2" },
        { "high parameter set id", "320x240", "-profile:v high -x264-params sps-id=15" },
    };

    [Theory]
    [MemberData(nameof(Streams))]
    public void Stills_BehindARealKeyframe_DecodeToThatPicture(string name, string size, string options)
    {
        Assert.NotEmpty(name);
        var packets = Encoded.X264(size, "25", 2, options.Split(' '));
        AssertRepeats(Encoded.Configuration(packets), packets.First(packet => packet.IsKeyframe).Payload.ToArray());
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public void Stills_WithAnOrderByPattern_DecodeToThatPicture(int step, bool twoInCycle)
    {
        // No encoder at hand writes pic_order_cnt_type 1. With deltas always zero it has no field in slices, like type 2, which x264's baseline uses: so
        // only the parameter set has to be changed.
        var packets = Encoded.X264("320x240", "25", 2, "-profile:v", "baseline");
        var configuration = Encoded.Configuration(packets);
        var patterned = SpsEditor.WithOrderByPattern(configuration.SequenceParameterSets[0].Span, twoInCycle ? [step, step + 1] : [step]);
        AssertRepeats(configuration with { SequenceParameterSets = [patterned] }, packets.First(packet => packet.IsKeyframe).Payload.ToArray());
    }

    [Fact]
    public void Stills_OfALongHold_GoOnWhenTheCountersWrap()
    {
        var packets = Encoded.X264("64x64", "25", 2, "-profile:v", "high", "-bf", "2");
        AssertRepeats(Encoded.Configuration(packets), packets.First(packet => packet.IsKeyframe).Payload.ToArray(), count: 2000);
    }

    [Fact]
    public void Stills_Of1080p_TakeFewBytes()
    {
        var packets = Encoded.X264("1920x1080", "25", 2, "-preset", "veryfast");
        var stills = AvcStillFrames.Create(Encoded.Configuration(packets), packets.First(packet => packet.IsKeyframe).Payload.Span)!;
        Assert.InRange(stills.CreateNalUnit(1).Length, 5, 80);
    }

    [Fact]
    public void Stills_OfParameterSetsInBand_UseThem()
    {
        var packets = Encoded.X264("320x240", "25", 2, "-profile:v", "main", "-bf", "0");
        var keyframe = packets.First(packet => packet.IsKeyframe);
        var configuration = Encoded.Configuration(packets);
        var other = Encoded.Configuration(Encoded.X264("64x64", "25", 1, "-profile:v", "baseline"));
        var inBand = AvcTag.WithParameterSets(keyframe.Body.Span, configuration.LengthSize, configuration.ParameterSets);
        AssertRepeats(other, inBand[LegacyVideoHeader.Size..]);
    }

    [Theory]
    [InlineData("-flags +ilme+ildct -x264-params tff=1")]
    public void Stills_OfAnInterlacedStream_AreNotMade(string options)
    {
        var packets = Encoded.X264("320x240", "25", 2, options.Split(' '));
        Assert.Null(AvcStillFrames.Create(Encoded.Configuration(packets), packets.First(packet => packet.IsKeyframe).Payload.Span));
    }

    [Fact]
    public void Stills_OfAnInterFrame_AreNotMade()
    {
        var packets = Encoded.X264("320x240", "25", 2, "-bf", "0");
        Assert.Null(AvcStillFrames.Create(Encoded.Configuration(packets), packets.Last(packet => packet.Content == PacketContent.Frame).Payload.Span));
    }

    [Fact]
    public void Stills_WithoutTheParameterSets_AreNotMade()
    {
        var packets = Encoded.X264("320x240", "25", 1, "-x264-params", "sps-id=3");
        var other = Encoded.Configuration(Encoded.X264("320x240", "25", 1));
        Assert.Null(AvcStillFrames.Create(other, packets.First(packet => packet.IsKeyframe).Payload.Span));
    }

    [Fact]
    public void Stills_WithAPatternThatStandsStill_AreNotMade()
    {
        var packets = Encoded.X264("320x240", "25", 1, "-profile:v", "baseline");
        var configuration = Encoded.Configuration(packets);
        var keyframe = packets.First(packet => packet.IsKeyframe).Payload;
        foreach (var offsets in (int[][])[[], [0], [2, -2]])
        {
            var patterned = SpsEditor.WithOrderByPattern(configuration.SequenceParameterSets[0].Span, offsets);
            Assert.Null(AvcStillFrames.Create(configuration with { SequenceParameterSets = [patterned] }, keyframe.Span));
        }
    }

    [Fact]
    public void Keyframe_CutAnywhere_IsBrokenOrNotRepeated()
    {
        var packets = Encoded.X264("64x64", "25", 1);
        var configuration = Encoded.Configuration(packets);
        var keyframe = packets.First(packet => packet.IsKeyframe).Payload.ToArray();
        Prefixes.NoneCrash(keyframe, bytes => AvcStillFrames.Create(configuration, bytes));
    }

    [Theory]
    [InlineData("16x32")]
    [InlineData("64x64")]
    [InlineData("320x240")]
    [InlineData("640x368")]
    [InlineData("1280x720")]
    [InlineData("1920x1080")]
    public void Slices_EndAtTheMacroblockTheyMean(string size)
    {
        // A decoder that finds the end of a slice too late says nothing, as the picture is full by then; found too early it conceals the rest. So a
        // slice of one macroblock less must be noticed, and one of all (in the other tests) must not.
        var packets = Encoded.X264(size, "25", 1, "-preset", "veryfast", "-bf", "0");
        var configuration = Encoded.Configuration(packets);
        var keyframe = packets.First(packet => packet.IsKeyframe).Payload.ToArray();
        var stills = AvcStillFrames.Create(configuration, keyframe)!;
        var set = AvcSequenceParameterSet.Read(configuration.SequenceParameterSets[0].Span);
        var macroblocks = set.WidthInMacroblocks * set.HeightInMacroblocks;
        Assert.Contains("concealing", Decode(configuration, keyframe, [stills.CreateNalUnit(1, macroblocks - 1)]).Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("concealing", Decode(configuration, keyframe, [stills.CreateNalUnit(1, macroblocks)]).Errors, StringComparison.Ordinal);
    }

    private static void AssertRepeats(AvcDecoderConfiguration configuration, byte[] keyframe, int count = Stills)
    {
        var stills = AvcStillFrames.Create(configuration, keyframe)!;
        Assert.NotNull(stills);
        var decoded = Decode(configuration, keyframe, [.. Enumerable.Range(1, count).Select(index => stills.CreateNalUnit(index))]);
        Assert.Equal(0, decoded.ExitCode);
        // What ffmpeg repairs in silence unless asked: a missing reference, a gap, a slice that ends early. A repair would look the same as what we want to see.
        Assert.DoesNotMatch("(?i)gap|conceal|missing|error while|mmco|reference picture|overread|invalid(?! st:)|truncat|corrupt", decoded.Errors);
        Assert.Contains($"{count + 1} frames successfully decoded, 0 decoding errors", decoded.Errors, StringComparison.Ordinal);
        var hashes = decoded.OutputText.Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(',')[^1].Trim()).ToList();
        Assert.Equal(count + 1, hashes.Count);
        Assert.Single(hashes.Distinct());
    }

    private static FFmpegResult Decode(AvcDecoderConfiguration configuration, byte[] keyframe, byte[][] stills)
    {
        var tags = new List<FlvTag>
        {
            new(FlvTagType.Video, 0, AvcTag.Configuration(configuration.ToArray())),
            new(FlvTagType.Video, 0, AvcTag.Frame(isKeyframe: true, 0, keyframe)),
        };
        for (var i = 0; i < stills.Length; i++)
            tags.Add(new FlvTag(FlvTagType.Video, (uint)(i + 1) * 40, AvcTag.Frame(isKeyframe: false, 0, [stills[i]], configuration.LengthSize)));
        var file = FlvFile.Write(new FlvHeader(HasAudio: false, HasVideo: true), tags);
        return FFmpeg.Run(
            file, "-v", "debug", "-xerror", "-err_detect", "explode", "-threads", "1", "-f", "flv", "-i", "pipe:0",
            "-fps_mode", "passthrough", "-f", "framemd5", "pipe:1");
    }
}
