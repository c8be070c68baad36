using StreamManager.Media.Amf;
using StreamManager.Media.Formats;
using StreamManager.Media.Packets;

namespace StreamManager.Media.Flv;

/// <summary>
/// The script message "onMetaData" (Adobe FLV 10.1 annex E.5): what a sender says about its stream. On reading these are hints that may be wrong or missing; decoder
/// configurations are to be believed. For destinations, whose inspectors show it, it is built anew from what is known.
/// </summary>
public sealed record OnMetaData
{
    private const string SetDataFrame = "@setDataFrame";
    private const string MessageName = "onMetaData";
    private const int LegacyAvc = 7;
    private const int LegacyAac = 10;
    private const int BitsPerSample = 16;

    /// <summary>Width in pixels.</summary>
    public int? Width { get; init; }

    /// <summary>Height in pixels.</summary>
    public int? Height { get; init; }

    /// <summary>Frames a second.</summary>
    public double? FrameRate { get; init; }

    /// <summary>Video bit rate in kbit/s (ffmpeg counts 1024 bits as one).</summary>
    public double? VideoKilobits { get; init; }

    /// <summary>Audio bit rate in kbit/s.</summary>
    public double? AudioKilobits { get; init; }

    /// <summary>Audio samples a second.</summary>
    public int? SampleRate { get; init; }

    /// <summary>Audio channels; where only "stereo" is said: 1 or 2.</summary>
    public int? Channels { get; init; }

    /// <summary>The video codec; null for one that is not known by number, FourCC or name.</summary>
    public FourCc? VideoCodec { get; init; }

    /// <summary>The audio codec; null for one that is not known.</summary>
    public FourCc? AudioCodec { get; init; }

    /// <summary>The encoder's name of itself: a peer's text, not to be logged or shown without care.</summary>
    public string? Encoder { get; init; }

    /// <summary>Whether the body of a data message is metadata, with or without "@setDataFrame" in front. Null when it is another message.</summary>
    /// <exception cref="MediaFormatException">The body is broken.</exception>
    public static OnMetaData? Read(ReadOnlySpan<byte> body)
    {
        var values = Amf0Reader.ReadAll(body);
        var name = values.Count > 0 && values[0] is AmfValue.String { Value: SetDataFrame } ? 1 : 0;
        if (values.Count <= name + 1 || values[name] is not AmfValue.String { Value: MessageName })
            return null;
        var properties = values[name + 1];
        var stereo = properties.FindBoolean("stereo");
        return new OnMetaData
        {
            Width = Whole(properties, "width"),
            Height = Whole(properties, "height"),
            FrameRate = Positive(properties, "framerate") ?? Positive(properties, "fps"),
            VideoKilobits = Positive(properties, "videodatarate"),
            AudioKilobits = Positive(properties, "audiodatarate"),
            SampleRate = Whole(properties, "audiosamplerate"),
            Channels = Whole(properties, "audiochannels") ?? (stereo is { } isStereo ? isStereo ? 2 : 1 : null),
            VideoCodec = Codec(properties.Find("videocodecid"), LegacyAvc, FourCc.Avc),
            AudioCodec = Codec(properties.Find("audiocodecid"), LegacyAac, FourCc.Aac),
            Encoder = properties.FindString("encoder"),
        };
    }

    /// <summary>What can be said of these tracks; either may be missing. Bit rates and the encoder are the caller's to add.</summary>
    public static OnMetaData Describe(VideoFormat? video, AudioFormat? audio) => new()
    {
        Width = video is { Width: > 0 } ? video.Width : null,
        Height = video is { Height: > 0 } ? video.Height : null,
        FrameRate = video?.FrameRate?.PerSecond,
        VideoCodec = video?.Codec,
        SampleRate = audio is { SampleRate: > 0 } ? audio.SampleRate : null,
        Channels = audio is { Channels: > 0 } ? audio.Channels : null,
        AudioCodec = audio?.Codec,
    };

    /// <summary>
    /// The body of the message, with "@setDataFrame" in front for a server (<paramref name="forPublishing"/>), without it for files and players.
    /// </summary>
    public byte[] ToBody(bool forPublishing)
    {
        var properties = new List<AmfProperty> { new("duration", 0), new("fileSize", 0) };
        Add(properties, "width", Width);
        Add(properties, "height", Height);
        Add(properties, "videocodecid", Number(VideoCodec, FourCc.Avc, LegacyAvc));
        Add(properties, "videodatarate", VideoKilobits);
        Add(properties, "framerate", FrameRate);
        Add(properties, "audiocodecid", Number(AudioCodec, FourCc.Aac, LegacyAac));
        Add(properties, "audiodatarate", AudioKilobits);
        Add(properties, "audiosamplerate", SampleRate);
        if (AudioCodec is not null)
            properties.Add(new AmfProperty("audiosamplesize", BitsPerSample));
        Add(properties, "audiochannels", Channels);
        if (Channels is { } channels)
            properties.Add(new AmfProperty("stereo", channels == 2));
        if (Encoder is not null)
            properties.Add(new AmfProperty("encoder", Encoder));
        var array = new AmfValue.EcmaArray(AmfList.Create<AmfProperty>(properties.ToArray()));
        return forPublishing ? Amf0Writer.ToArray(SetDataFrame, MessageName, array) : Amf0Writer.ToArray(MessageName, array);
    }

    private static void Add(List<AmfProperty> properties, string name, double? value)
    {
        if (value is { } number)
            properties.Add(new AmfProperty(name, number));
    }

    private static double? Number(FourCc? codec, FourCc legacyCodec, int legacyNumber) =>
        codec is not { } present ? null : present == legacyCodec ? legacyNumber : present.Value;

    private static double? Positive(AmfValue properties, string name) => properties.FindNumber(name) is { } value && value > 0 ? value : null;

    private static int? Whole(AmfValue properties, string name) => Positive(properties, name) is { } value && value <= int.MaxValue ? (int)value : null;

    // The legacy number, the FourCC as a number (enhanced RTMP), or as text (several encoders).
    private static FourCc? Codec(AmfValue? value, int legacyNumber, FourCc legacyCodec) => value switch
    {
        AmfValue.Number { Value: var number } when number == legacyNumber => legacyCodec,
        AmfValue.Number { Value: >= 0x2000_0000 and <= uint.MaxValue } number => new FourCc((uint)number.Value),
        AmfValue.String { Value.Length: 4 } text when text.Value.All(char.IsAscii) => FourCc.FromText(text.Value),
        _ => null,
    };
}
