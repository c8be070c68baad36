namespace StreamManager.Server.Keys;

/// <summary>May this key, or signed address, be used from this address now?</summary>
internal abstract record KeyVerdict
{
    private KeyVerdict()
    {
    }

    /// <summary>It may.</summary>
    /// <param name="Target">Where it leads.</param>
    /// <param name="KeyId">Id of the key; null for a fixed key of the configuration and for a signed address.</param>
    /// <param name="Hash">The key's hash; null likewise.</param>
    public sealed record Granted(IngestTarget Target, string? KeyId = null, KeyHash? Hash = null) : KeyVerdict;

    /// <summary>There is no such key, or the signature is wrong.</summary>
    public sealed record Unknown : KeyVerdict
    {
        /// <summary>The only one.</summary>
        public static Unknown Instance { get; } = new();
    }

    /// <summary>It was one.</summary>
    public sealed record Expired(string? KeyId) : KeyVerdict;

    /// <summary>It is one, for other addresses.</summary>
    public sealed record AddressNotAllowed(string? KeyId) : KeyVerdict;

    /// <summary>A signed address for publishing was used for playing, or the other way round, or for another stream.</summary>
    public sealed record WrongKind : KeyVerdict;

    /// <summary>Names do not work from public addresses. Says nothing about this one: it was not looked at.</summary>
    public sealed record AliasNotAllowedHere : KeyVerdict;

    /// <summary>The address is banned for a while, and what it sent is a name. It was not looked at.</summary>
    public sealed record Banned : KeyVerdict;

    /// <summary>The store cannot be asked, and the key is none that is known without it.</summary>
    public sealed record StoreAway(string Reason) : KeyVerdict;
}
