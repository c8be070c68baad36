using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using StreamManager.Server.Security;

namespace StreamManager.Server.Options;

/// <summary>A width and a height in pixels.</summary>
internal readonly record struct Resolution(int Width, int Height);

/// <summary>The grammars of all settings.</summary>
internal static class SettingTypes
{
    /// <summary>Longest key or token that is taken: a URL or header with a longer one is cut by proxies and encoders.</summary>
    private const int SecretLength = 512;

    /// <summary>A TCP port; 0 takes any free one.</summary>
    public static SettingType<int> Port { get; } = Integer(0, 65535, "a port, 0 to 65535 (0: any free port)");

    /// <summary>A listening address.</summary>
    public static SettingType<IPAddress> Address { get; } = new("an IPv4 or IPv6 address, for example 0.0.0.0 or ::", TryAddress);

    /// <summary>Machines whose word is taken for whom they ask.</summary>
    public static SettingType<TrustedProxies> Proxies { get; } = new(
        $"addresses and ranges such as 127.0.0.1, 10.0.0.0/8 or 2001:db8::/32, separated by commas, {TrustedProxies.MostEntries} at most, and not everybody (/0)", TrustedProxies.TryParse, IsList: true);

    /// <summary>A path or other plain text.</summary>
    public static SettingType<string> Text { get; } = new("a text without line breaks", TryText);

    /// <summary>A token or passphrase.</summary>
    public static SettingType<Secret> Secret { get; } = new($"1 to {SecretLength} visible characters", TrySecret, IsSecret: true);

    /// <summary>The key of the stored secrets, or a passphrase that it is derived from.</summary>
    public static SettingType<Secret> EncryptionKey { get; } =
        new($"64 hexadecimal digits, or a passphrase of 8 to {SecretLength} characters", TryEncryptionKey, IsSecret: true);

    /// <summary>Where a Redis is; it may hold a password. What is wrong with one is said by its own reader.</summary>
    public static SettingType<Secret> RedisUrl { get; } = new("redis://host[:port][/database], or rediss:// for TLS", TryRedisUrl, IsSecret: true);

    /// <summary>
    /// A publish key: what an encoder sends as stream name. The characters that would end the name in a URL are out.
    /// </summary>
    public static SettingType<Secret> IngestKey { get; } = new("3 to 128 characters out of A-Z a-z 0-9 . _ ~ -", TryIngestKey, IsSecret: true);

    /// <summary>yes or no.</summary>
    public static SettingType<bool> Boolean { get; } = Word("true or false", new Dictionary<string, bool>
    {
        ["true"] = true,
        ["yes"] = true,
        ["on"] = true,
        ["false"] = false,
        ["no"] = false,
        ["off"] = false,
    });

    /// <summary>Size of a picture.</summary>
    public static SettingType<Resolution> Resolution { get; } = new("WIDTHxHEIGHT with even numbers from 16 to 7680, for example 1920x1080", TryResolution);

    /// <summary>A bitrate, in kbit/s.</summary>
    public static SettingType<int> BitrateKbps(int minimum, int maximum) =>
        new($"a bitrate from {minimum}k to {maximum}k, written 2500k, 6M or in bit/s", (string text, out int value) => TryBitrate(text, minimum, maximum, out value));

    /// <summary>A number of bytes.</summary>
    public static SettingType<long> Bytes(long minimum, long maximum) => new(
        $"a size from {SizeText(minimum)} to {SizeText(maximum)}, written 500M, 2G or in bytes (K, M, G and T count in 1024s)",
        (string text, out long value) => TrySize(text, minimum, maximum, out value));

    /// <summary>A time in seconds, with or without a fraction.</summary>
    public static SettingType<TimeSpan> Seconds(double minimum, double maximum) =>
        new(FormattableString.Invariant($"seconds from {minimum} to {maximum}"), (string text, out TimeSpan value) =>
        {
            var good = double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds >= minimum && seconds <= maximum;
            value = good ? TimeSpan.FromSeconds(seconds) : default;
            return good;
        });

    /// <summary>A time in milliseconds.</summary>
    public static SettingType<TimeSpan> Milliseconds(int minimum, int maximum) =>
        new($"milliseconds from {minimum} to {maximum}", (string text, out TimeSpan value) =>
        {
            var good = TryInteger(text, minimum, maximum, out var milliseconds);
            value = TimeSpan.FromMilliseconds(milliseconds);
            return good;
        });

    /// <summary>A whole number.</summary>
    public static SettingType<int> Integer(int minimum, int maximum, string? allowed = null) =>
        new(allowed ?? $"a whole number from {minimum} to {maximum}", (string text, out int value) => TryInteger(text, minimum, maximum, out value));

    /// <summary>One of a few words.</summary>
    public static SettingType<T> Word<T>(string allowed, IReadOnlyDictionary<string, T> words)
    {
        var table = words.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
        return new SettingType<T>(allowed, (string text, out T value) => table.TryGetValue(text, out value!));
    }

    /// <summary>One of a few words, listed in the message.</summary>
    public static SettingType<T> Word<T>(params (string Word, T Value)[] words) =>
        Word(string.Join(" | ", words.Select(word => word.Word)), words.ToDictionary(word => word.Word, word => word.Value));

    /// <summary>One or more certificates in PEM.</summary>
    public static SettingType<string> CertificatePem { get; } = new("one or more certificates in PEM", (string text, out string value) =>
    {
        value = text;
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPem(text);
            foreach (var certificate in certificates)
                certificate.Dispose();
            return certificates.Count > 0;
        }
        catch (CryptographicException)
        {
            return false;
        }
    });

    private static string SizeText(long bytes)
    {
        var unit = 0;
        for (; bytes >= 1024 && bytes % 1024 == 0; unit++)
            bytes /= 1024;
        return $"{bytes}{(unit == 0 ? "" : "KMGTPE"[unit - 1])}";
    }

    private static bool TrySize(string text, long minimum, long maximum, out long bytes)
    {
        bytes = 0;
        var unit = text.Length == 0 ? -1 : "KMGT".IndexOf(char.ToUpperInvariant(text[^1]));
        if (!decimal.TryParse(unit < 0 ? text : text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) || number > maximum)
            return false;
        var value = number * (1L << (10 * (unit + 1)));
        if (value < minimum || value > maximum)
            return false;
        bytes = (long)value;
        return true;
    }

    private static bool TryInteger(string text, int minimum, int maximum, out int value) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= minimum && value <= maximum;

    private static bool TryAddress(string text, out IPAddress value) => IPAddress.TryParse(text, out value!);

    private static bool TryText(string text, out string value)
    {
        value = text;
        return text.Length is > 0 and <= 4096 && !text.Any(char.IsControl);
    }

    private static bool TrySecret(string text, out Secret value)
    {
        value = new Secret(text);
        return text.Length is > 0 and <= SecretLength && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c));
    }

    private static bool TryEncryptionKey(string text, out Secret value)
    {
        value = new Secret(text);
        return text.Length is >= 8 and <= SecretLength && !text.Any(char.IsControl);
    }

    private static bool TryRedisUrl(string text, out Secret value)
    {
        value = new Secret(text);
        return text.StartsWith("redis://", StringComparison.Ordinal) || text.StartsWith("rediss://", StringComparison.Ordinal);
    }

    private static bool TryIngestKey(string text, out Secret value)
    {
        value = new Secret(text);
        return text.Length is >= 3 and <= 128 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '~' or '-');
    }

    private static bool TryResolution(string text, out Resolution value)
    {
        value = default;
        var parts = text.Split('x', 'X');
        if (parts.Length != 2 || !TryInteger(parts[0], 16, 7680, out var width) || !TryInteger(parts[1], 16, 7680, out var height) || width % 2 != 0 || height % 2 != 0)
            return false;
        value = new Resolution(width, height);
        return true;
    }

    private static bool TryBitrate(string text, int minimum, int maximum, out int kbps)
    {
        kbps = 0;
        var (digits, unit) = text.Length == 0 ? ("", 0d) : text[^1] switch
        {
            'k' or 'K' => (text[..^1], 1d),
            'm' or 'M' => (text[..^1], 1000d),
            _ => (text, 0.001d),
        };
        if (!double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            return false;
        var value = Math.Round(number * unit);
        if (value < minimum || value > maximum)
            return false;
        kbps = (int)value;
        return true;
    }
}
