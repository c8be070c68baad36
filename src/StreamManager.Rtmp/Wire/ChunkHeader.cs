using System.Buffers.Binary;

namespace StreamManager.Rtmp.Wire;

/// <summary>
/// The two headers in front of a chunk (RTMP specification section 5.3.1).
/// <code>
/// basic header      | fmt:2 csid:6 |                        csid 2..63 as it is
///                   | fmt:2 0:6 | csid-64 |                 64..319
///                   | fmt:2 1:6 | low | high |              64..65599: low + 256*high + 64
/// message header 0  | timestamp:24 | length:24 | type:8 | message stream id:32, little-endian |
///                1  | delta:24     | length:24 | type:8 |
///                2  | delta:24     |
///                3  nothing
/// A timestamp or delta of 0xFFFFFF says that the real value follows in 32 bits.
/// </code>
/// </summary>
internal readonly record struct ChunkHeader(
    int Format, int ChunkStreamId, uint TimestampField, int Length, RtmpMessageType Type, uint MessageStreamId)
{
    /// <summary>The value of the 24-bit field that announces the extended timestamp.</summary>
    public const uint ExtendedTimestampMark = 0xFFFFFF;

    /// <summary>Three bytes basic header, eleven bytes message header, four bytes extended timestamp.</summary>
    public const int MaxSize = 18;

    /// <summary>The largest number that the three-byte form holds.</summary>
    public const int MaxChunkStreamId = 65_599;

    /// <summary>
    /// Reads both headers without the extended timestamp. Returns their size, or 0 when <paramref name="data"/> ends before them. Fields that the
    /// format leaves out are zero.
    /// </summary>
    public static int TryRead(ReadOnlySpan<byte> data, out ChunkHeader header)
    {
        header = default;
        if (data.IsEmpty)
            return 0;

        var format = data[0] >> 6;
        var id = data[0] & 0x3F;
        var basicSize = id switch { 0 => 2, 1 => 3, _ => 1 };
        var size = basicSize + MessageHeaderSize(format);
        if (data.Length < size)
            return 0;

        if (basicSize == 2)
            id = data[1] + 64;
        else if (basicSize == 3)
            id = data[1] + (data[2] << 8) + 64;

        var message = data[basicSize..size];
        header = format switch
        {
            0 => ReadLongFields(0, id, message, BinaryPrimitives.ReadUInt32LittleEndian(message[7..])),
            1 => ReadLongFields(1, id, message, 0),
            2 => new ChunkHeader(2, id, ReadUInt24(message), 0, default, 0),
            _ => new ChunkHeader(3, id, 0, 0, default, 0),
        };
        return size;
    }

    /// <summary>
    /// Writes both headers and, when the timestamp needs it, the extended timestamp; the fields as <see cref="TryRead"/> gives them, but the
    /// timestamp whole. Returns the size.
    /// </summary>
    public static int Write(
        Span<byte> destination, int format, int chunkStreamId, uint timestamp, int length, RtmpMessageType type, uint messageStreamId)
    {
        var size = WriteBasic(destination, format, chunkStreamId);
        var field = Math.Min(timestamp, ExtendedTimestampMark);
        if (format <= 2)
        {
            WriteUInt24(destination[size..], field);
            size += 3;
        }

        if (format <= 1)
        {
            WriteUInt24(destination[size..], (uint)length);
            destination[size + 3] = (byte)type;
            size += 4;
        }

        if (format == 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(destination[size..], messageStreamId);
            size += 4;
        }

        if (field == ExtendedTimestampMark)
        {
            BinaryPrimitives.WriteUInt32BigEndian(destination[size..], timestamp);
            size += 4;
        }

        return size;
    }

    /// <summary>The size that <see cref="Write"/> will give.</summary>
    public static int Measure(int format, int chunkStreamId, uint timestamp) =>
        BasicSize(chunkStreamId) + MessageHeaderSize(format) + (timestamp >= ExtendedTimestampMark ? sizeof(uint) : 0);

    private static ChunkHeader ReadLongFields(int format, int id, ReadOnlySpan<byte> message, uint messageStreamId) =>
        new(format, id, ReadUInt24(message), (int)ReadUInt24(message[3..]), (RtmpMessageType)message[6], messageStreamId);

    private static int MessageHeaderSize(int format) => format switch { 0 => 11, 1 => 7, 2 => 3, _ => 0 };

    private static int BasicSize(int chunkStreamId) => chunkStreamId switch { < 64 => 1, < 320 => 2, _ => 3 };

    private static int WriteBasic(Span<byte> destination, int format, int chunkStreamId)
    {
        var top = format << 6;
        switch (BasicSize(chunkStreamId))
        {
            case 1:
                destination[0] = (byte)(top | chunkStreamId);
                return 1;
            case 2:
                destination[0] = (byte)top;
                destination[1] = (byte)(chunkStreamId - 64);
                return 2;
            default:
                destination[0] = (byte)(top | 1);
                BinaryPrimitives.WriteUInt16LittleEndian(destination[1..], (ushort)(chunkStreamId - 64));
                return 3;
        }
    }

    private static uint ReadUInt24(ReadOnlySpan<byte> data) => (uint)((data[0] << 16) | (data[1] << 8) | data[2]);

    private static void WriteUInt24(Span<byte> destination, uint value)
    {
        destination[0] = (byte)(value >> 16);
        destination[1] = (byte)(value >> 8);
        destination[2] = (byte)value;
    }
}
