using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using StreamManager.Rtmp.Wire;
using static StreamManager.Rtmp.Tests.Wire.WireTesting;

namespace StreamManager.Rtmp.Tests.Wire;

public sealed class ChunkRoundTripTests
{
    private static readonly Gen<uint> Time = Gen.OneOf(
        Gen.Choose(0, 5000).Select(t => (uint)t),
        Gen.Elements(0xFFFFFEu, 0xFFFFFFu, 0x1000000u, 0x7FFFFFFFu, 0x80000000u, uint.MaxValue - 1, uint.MaxValue));

    private static readonly Gen<int> Size = Gen.Frequency((6, Gen.Choose(0, 600)), (2, Gen.Elements(127, 128, 129, 256, 4096)), (1, Gen.Choose(60_000, 300_000)));

    private static readonly Gen<(int ChunkStreamId, RtmpMessage Message)> Item =
        from id in Gen.Elements(3, 4, 6, 64, 319, 320, 65_599)
        from type in Gen.Elements(RtmpMessageType.Audio, RtmpMessageType.Video, RtmpMessageType.DataAmf0, RtmpMessageType.CommandAmf0)
        from stream in Gen.Choose(0, 2)
        from time in Time
        from size in Size
        from seed in Gen.Choose(0, int.MaxValue - 1)
        select (id, new RtmpMessage(type, (uint)stream, time, Bytes(size, seed)));

    private static readonly Gen<int> ChunkSize = Gen.Elements(32, 128, 129, 4096, 60_000, 65_536, ChunkWriter.MaxChunkSize);

    [Fact]
    public void Messages_WrittenAndReadInAnyPieces_AreEqual() =>
        Prop.ForAll(Item.ArrayOf().Resize(12).ToArbitrary(), ChunkSize.ToArbitrary(), Gen.Choose(1, 3000).ArrayOf().ToArbitrary(), (items, chunkSize, pieces) =>
        {
            using var reader = new ChunkReader();
            AssertSame(items.Select(i => i.Message), reader.ReadInPieces(Write(items, chunkSize), pieces).Where(m => m.Type is not RtmpMessageType.SetChunkSize));
            Assert.Equal(0, reader.PartialBytes);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Messages_ReadFromAnySegments_AreEqual() =>
        Prop.ForAll(Item.ArrayOf().Resize(6).ToArbitrary(), ChunkSize.ToArbitrary(), Gen.Choose(0, 40).ArrayOf().Resize(60).ToArbitrary(), (items, chunkSize, sizes) =>
        {
            using var reader = new ChunkReader();
            var buffer = Segments(Write(items, chunkSize), sizes);
            var messages = new List<RtmpMessage>();
            while (reader.TryReadMessage(ref buffer, out var message))
                messages.Add(message);

            Assert.True(buffer.IsEmpty);
            AssertSame(items.Select(i => i.Message), messages.Skip(1));
        }).QuickCheckThrowOnFailure();

    private static byte[] Write((int ChunkStreamId, RtmpMessage Message)[] items, int chunkSize)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new ChunkWriter();
        writer.WriteMessage(output, new RtmpControlMessage.SetChunkSize(chunkSize).ToMessage());
        writer.ChunkSize = chunkSize;
        foreach (var (id, message) in items)
            writer.WriteMessage(output, id, message.Type, message.StreamId, message.Timestamp, message.Body.Span);

        return output.WrittenSpan.ToArray();
    }

    private static byte[] Bytes(int size, int seed)
    {
        var bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }
}
