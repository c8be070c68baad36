using System.Collections.Immutable;
using System.Text;

namespace StreamManager.Server.Storage.Redis;

/// <summary>One value of RESP2, the protocol of Redis. Immutable; compared by content.</summary>
/// <remarks>https://redis.io/docs/latest/develop/reference/protocol-spec/</remarks>
internal abstract record RespValue
{
    private RespValue()
    {
    }

    /// <summary>A short word of success, mostly OK.</summary>
    internal sealed record Status(string Text) : RespValue;

    /// <summary>The command failed. By custom the first word is a code in capitals.</summary>
    internal sealed record Error(string Text) : RespValue
    {
        /// <summary>ERR, WRONGTYPE, NOSCRIPT and the like.</summary>
        public string Code => Text.Split(' ', 2)[0];
    }

    /// <summary>A signed number of 64 bits.</summary>
    internal sealed record Integer(long Number) : RespValue;

    /// <summary>Any bytes. The memory is of exact size, its own, and not written to.</summary>
    internal sealed record Bulk(ReadOnlyMemory<byte> Bytes) : RespValue
    {
        public Bulk(string text)
            : this(Encoding.UTF8.GetBytes(text))
        {
        }

        /// <summary>The bytes as UTF-8; what is none becomes U+FFFD.</summary>
        public string Text => Encoding.UTF8.GetString(Bytes.Span);

        public bool Equals(Bulk? other) => other is not null && Bytes.Span.SequenceEqual(other.Bytes.Span);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            hash.AddBytes(Bytes.Span);
            return hash.ToHashCode();
        }
    }

    /// <summary>There is nothing: no such key, no such field. RESP2 has two forms of it, which mean the same.</summary>
    internal sealed record Nothing : RespValue
    {
        private Nothing()
        {
        }

        /// <summary>The only one.</summary>
        public static Nothing Value { get; } = new();
    }

    /// <summary>Values in order.</summary>
    internal sealed record Array(ImmutableArray<RespValue> Items) : RespValue
    {
        public bool Equals(Array? other) => other is not null && Items.AsSpan().SequenceEqual(other.Items.AsSpan());

        public override int GetHashCode()
        {
            var hash = new HashCode();
            foreach (var item in Items)
                hash.Add(item);
            return hash.ToHashCode();
        }
    }
}
