namespace StreamManager.Media.Avc;

/// <summary>
/// NAL units in their two framings: behind a length of 1 to 4 bytes (FLV and MP4, ISO/IEC 14496-15), and behind start codes (ITU-T H.264 annex B).
/// H.264 and H.265 share both. Results are ranges of the given bytes; nothing is copied unless said.
/// </summary>
public static class NalUnits
{
    private const byte EmulationPrevention = 3;

    /// <summary>The type of an H.264 NAL unit, from its first byte.</summary>
    /// <exception cref="MediaFormatException">The unit is empty.</exception>
    public static NalUnitType TypeOf(ReadOnlySpan<byte> nal) =>
        nal.IsEmpty ? throw new MediaFormatException("An empty NAL unit.") : (NalUnitType)(nal[0] & 0x1F);

    /// <summary>Enumerates units behind lengths of <paramref name="lengthSize"/> bytes. Empty units, which some encoders write, are left out.</summary>
    public static LengthPrefixedEnumerator ReadLengthPrefixed(ReadOnlySpan<byte> payload, int lengthSize) => new(payload, lengthSize);

    /// <summary>Enumerates units behind start codes of 3 or 4 bytes; zeros behind a unit are not part of it.</summary>
    public static AnnexBEnumerator ReadAnnexB(ReadOnlySpan<byte> stream) => new(stream);

    /// <summary>Rewrites start codes as lengths.</summary>
    public static byte[] AnnexBToLengthPrefixed(ReadOnlySpan<byte> stream, int lengthSize = 4)
    {
        var size = 0;
        foreach (var range in ReadAnnexB(stream))
            size += lengthSize + range.End.Value - range.Start.Value;
        var result = new byte[size];
        var at = 0;
        foreach (var range in ReadAnnexB(stream))
            at += WriteLengthPrefixed(result.AsSpan(at), stream[range], lengthSize);
        return result;
    }

    /// <summary>Writes one unit behind its length; gives the bytes written.</summary>
    /// <exception cref="ArgumentException">The unit is too long for the length field.</exception>
    public static int WriteLengthPrefixed(Span<byte> destination, ReadOnlySpan<byte> nal, int lengthSize)
    {
        if (lengthSize < 4 && nal.Length >> (8 * lengthSize) != 0)
            throw new ArgumentException($"A unit of {nal.Length} bytes does not fit a length of {lengthSize} byte(s).", nameof(nal));
        for (var i = 0; i < lengthSize; i++)
            destination[i] = (byte)(nal.Length >> (8 * (lengthSize - 1 - i)));
        nal.CopyTo(destination[lengthSize..]);
        return lengthSize + nal.Length;
    }

    /// <summary>The raw byte sequence payload: each 00 00 03 becomes 00 00 (H.264 section 7.4.1). A new array.</summary>
    public static byte[] RemoveEmulationPrevention(ReadOnlySpan<byte> nal)
    {
        var result = new byte[nal.Length];
        var length = 0;
        var zeros = 0;
        foreach (var value in nal)
        {
            if (zeros >= 2 && value == EmulationPrevention)
            {
                zeros = 0;
                continue;
            }
            zeros = value == 0 ? zeros + 1 : 0;
            result[length++] = value;
        }
        Array.Resize(ref result, length);
        return result;
    }

    /// <summary>
    /// The bytes of a NAL unit from its raw byte sequence payload: 03 is put in wherever 00 00 would be followed by 00 to 03, and behind a payload that ends with a zero byte, as
    /// one with <c>cabac_zero_words</c> does (H.264 section 7.4.1.1): a zero at the end of a unit would be taken for a part of the next start code. A new array.
    /// </summary>
    public static byte[] AddEmulationPrevention(ReadOnlySpan<byte> raw)
    {
        // At most one byte more for each two, and one at the end.
        var result = new byte[raw.Length + raw.Length / 2 + 1];
        var length = 0;
        var zeros = 0;
        foreach (var value in raw)
        {
            if (zeros == 2 && value <= EmulationPrevention)
            {
                result[length++] = EmulationPrevention;
                zeros = 0;
            }
            zeros = value == 0 ? zeros + 1 : 0;
            result[length++] = value;
        }
        if (zeros > 0)
            result[length++] = EmulationPrevention;
        Array.Resize(ref result, length);
        return result;
    }

    /// <summary>Walks over units behind lengths.</summary>
    public ref struct LengthPrefixedEnumerator
    {
        private readonly ReadOnlySpan<byte> _payload;
        private readonly int _lengthSize;
        private int _at;

        internal LengthPrefixedEnumerator(ReadOnlySpan<byte> payload, int lengthSize)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(lengthSize, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthSize, 4);
            _payload = payload;
            _lengthSize = lengthSize;
        }

        /// <summary>The present unit, without its length, as a range of the payload.</summary>
        public Range Current { get; private set; }

        /// <summary>For <c>foreach</c>.</summary>
        public readonly LengthPrefixedEnumerator GetEnumerator() => this;

        /// <summary>Goes to the next unit that is not empty.</summary>
        /// <exception cref="MediaFormatException">A length or a unit is cut off.</exception>
        public bool MoveNext()
        {
            while (_at < _payload.Length)
            {
                if (_payload.Length - _at < _lengthSize)
                    throw new MediaFormatException("The length of a NAL unit is cut off.");
                uint length = 0;
                for (var i = 0; i < _lengthSize; i++)
                    length = length << 8 | _payload[_at++];
                if (length > (uint)(_payload.Length - _at))
                    throw new MediaFormatException($"A NAL unit of {length} bytes where {_payload.Length - _at} are left.");
                Current = new Range(_at, _at + (int)length);
                _at += (int)length;
                if (length > 0)
                    return true;
            }
            return false;
        }
    }

    /// <summary>Walks over units behind start codes.</summary>
    public ref struct AnnexBEnumerator
    {
        private readonly ReadOnlySpan<byte> _stream;
        private int _next;

        internal AnnexBEnumerator(ReadOnlySpan<byte> stream)
        {
            _stream = stream;
            _next = AfterStartCode(stream, 0, out _);
        }

        /// <summary>The present unit, without its start code, as a range of the stream.</summary>
        public Range Current { get; private set; }

        /// <summary>For <c>foreach</c>.</summary>
        public readonly AnnexBEnumerator GetEnumerator() => this;

        /// <summary>Goes to the next unit that is not empty.</summary>
        public bool MoveNext()
        {
            while (_next >= 0)
            {
                var start = _next;
                _next = AfterStartCode(_stream, start, out var end);
                while (end > start && _stream[end - 1] == 0)
                    end--;
                Current = new Range(start, end);
                if (end > start)
                    return true;
            }
            return false;
        }

        // The place behind the first 00 00 01 from `from` on, and where it begins; -1 and the end where there is none.
        private static int AfterStartCode(ReadOnlySpan<byte> stream, int from, out int begin)
        {
            var found = stream[from..].IndexOf((ReadOnlySpan<byte>)[0, 0, 1]);
            begin = found < 0 ? stream.Length : from + found;
            return found < 0 ? -1 : begin + 3;
        }
    }
}
