using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using StreamManager.Media.Amf;
using StreamManager.Rtmp.Wire;
using StreamManager.TestKit;

namespace StreamManager.Rtmp.Tests.Wire;

/// <summary>
/// Transcripts of ffmpeg 5.1.9 taken on loopback (<c>Fixtures/</c>): for each message its chunk stream, header type, type, message stream, time and
/// length, and its beginning or its AMF values. The chunks are laid out again exactly as listed (128 bytes each, extended fields repeated as ffmpeg
/// does) and must give the listed messages.
/// </summary>
public sealed partial class FfmpegTranscriptTests
{
    [Theory]
    [InlineData("ffmpeg-5.1.9-publish-1.txt", 62)]
    [InlineData("ffmpeg-5.1.9-publish-3-exttimestamp.txt", 62)]
    [InlineData("ffmpeg-5.1.9-play.txt", 6)]
    public void Transcript_ReadInAnyPieces_GivesItsMessages(string file, int atLeast)
    {
        var entries = Load(file);
        Assert.True(entries.Count >= atLeast, $"{entries.Count} messages");
        var output = new ArrayBufferWriter<byte>();
        var last = new Dictionary<int, uint>();
        foreach (var entry in entries)
        {
            Lay(output, entry, entry.Format == 0 ? entry.Message.Timestamp : entry.Message.Timestamp - last.GetValueOrDefault(entry.ChunkStreamId));
            last[entry.ChunkStreamId] = entry.Message.Timestamp;
        }

        var bytes = output.WrittenSpan.ToArray();
        foreach (var piece in new[] { 1, 7, 128, 1460, bytes.Length })
            WireTesting.AssertSame(entries.Select(e => e.Message), new ChunkReader().ReadInPieces(bytes, Enumerable.Repeat(piece, (bytes.Length / piece) + 1)));
    }

    [Theory]
    [InlineData("ffmpeg-5.1.9-publish-1.txt")]
    [InlineData("ffmpeg-5.1.9-publish-3-exttimestamp.txt")]
    [InlineData("ffmpeg-5.1.9-play.txt")]
    public void Transcript_Commands_HaveTheListedSizeInAmf0AndReadBack(string file)
    {
        var commands = Load(file).Where(e => e.Values is not null).ToList();
        Assert.NotEmpty(commands);
        foreach (var entry in commands)
        {
            Assert.Equal(entry.Length, entry.Message.Body.Length);
            Assert.Equal(entry.Values, Amf0Reader.ReadAll(entry.Message.Body.Span));
            if (entry.Message.Type is RtmpMessageType.CommandAmf0)
            {
                var command = RtmpCommand.Read(entry.Message);
                Assert.Equal(Convert.ToHexString(entry.Message.Body.Span), Convert.ToHexString(command.ToMessage().Body.Span));
            }
            else
            {
                Assert.Equal(RtmpDataMessage.SetDataFrameName, RtmpDataMessage.Read(entry.Message).Name);
            }
        }
    }

    private static void Lay(ArrayBufferWriter<byte> output, Entry entry, uint field)
    {
        var format = entry.Format;
        var rest = entry.Message.Body;
        do
        {
            var header = output.GetSpan(ChunkHeader.MaxSize);
            output.Advance(ChunkHeader.Write(header, format, entry.ChunkStreamId, field, entry.Message.Body.Length, entry.Message.Type, entry.Message.StreamId));
            var piece = rest[..Math.Min(128, rest.Length)];
            output.Write(piece.Span);
            rest = rest[piece.Length..];
            format = 3;
        }
        while (!rest.IsEmpty);
    }

    private static List<Entry> Load(string file)
    {
        var entries = new List<Entry>();
        foreach (var line in File.ReadLines(Path.Combine(RepositoryFiles.Root, "tests", "StreamManager.Rtmp.Tests", "Fixtures", file)))
        {
            if (line.StartsWith("fmts", StringComparison.Ordinal))
                break;

            if (Line().Match(line) is { Success: true } match)
                entries.Add(Parse(match));
        }

        return entries;
    }

    private static Entry Parse(Match match)
    {
        var number = (string name) => uint.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture);
        var length = (int)number("len");
        var content = match.Groups["content"].Value;
        AmfList<AmfValue>? values = null;
        byte[] body;
        if (content.StartsWith('['))
        {
            using var json = JsonDocument.Parse(content);
            values = [.. json.RootElement.EnumerateArray().Select(ToAmf)];
            body = Amf0Writer.ToArray([.. values]);
        }
        else
        {
            // The transcript has the first bytes of media; the others may be any.
            body = new byte[length];
            Convert.FromHexString(content).CopyTo(body, 0);
            body.AsSpan(content.Length / 2).Fill(0xC6);
        }

        var message = new RtmpMessage((RtmpMessageType)number("type"), number("sid"), number("ts"), body);
        return new Entry((int)number("cs"), (int)number("fmt"), length, message, values);
    }

    private static AmfValue ToAmf(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => json.GetString()!,
        JsonValueKind.Number => json.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Object when json.TryGetProperty("__ecma_count", out _) => new AmfValue.EcmaArray([.. Properties(json)]),
        JsonValueKind.Object => new AmfValue.Object([.. Properties(json)]),
        _ => AmfValue.NullValue,
    };

    private static IEnumerable<AmfProperty> Properties(JsonElement json) =>
        json.EnumerateObject().Where(p => p.Name is not "__ecma_count").Select(p => new AmfProperty(p.Name, ToAmf(p.Value)));

    [GeneratedRegex(@"^#\d+ t=\S+ cs=(?<cs>\d+) fmt=(?<fmt>\d) type=(?<type>\d+) sid=(?<sid>\d+) ts=(?<ts>\d+) len=(?<len>\d+) (?<content>.*)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Line();

    private sealed record Entry(int ChunkStreamId, int Format, int Length, RtmpMessage Message, AmfList<AmfValue>? Values);
}
