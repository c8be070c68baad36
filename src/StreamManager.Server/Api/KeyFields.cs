using System.Collections.Immutable;
using System.Globalization;
using StreamManager.Server.Channels;
using StreamManager.Server.Keys;
using StreamManager.Server.Options;

namespace StreamManager.Server.Api;

/// <summary>Reads the fields of requests about keys.</summary>
internal static class KeyFields
{
    /// <summary>Longest time that somebody may give a key: ten years are "for ever" without saying so.</summary>
    private const int LongestYears = 10;

    private const string Never = "never";

    private static readonly string[] TimeFormats = ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", "yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"];

    private static readonly SettingType<string> Id = new("the id of a channel or source", (string text, out string value) =>
    {
        value = text;
        return text.Length is > 0 and <= 100;
    });

    private static readonly SettingType<string> Kind = SettingTypes.Word(("regular", "regular"), ("development", "development"));

    private static readonly SettingType<string> Action = SettingTypes.Word(("publish", "publish"), ("play", "play"));

    private static readonly SettingType<string> Time = new("a time such as 2030-01-31T12:00:00Z", (string text, out string value) =>
    {
        value = text;
        return TryTime(text, out _);
    });

    private static readonly SettingType<string> Expiry = new("a time such as 2030-01-31T12:00:00Z, or never", (string text, out string value) =>
    {
        value = text;
        return text == Never || TryTime(text, out _);
    });

    private static readonly SettingType<string> Alias = new(StreamAlias.Allowed, (string text, out string value) =>
    {
        value = text;
        return StreamAlias.IsAlias(text);
    });

    private static readonly SettingType<string> AliasOrNone = new($"{StreamAlias.Allowed}; or empty for none", (string text, out string value) =>
    {
        value = text;
        return text.Length == 0 || StreamAlias.IsAlias(text);
    });

    private static readonly SettingType<string> AnyText = new("a text", (string text, out string value) =>
    {
        value = text;
        return true;
    });

    /// <summary>A wanted key; null: the errors say why not.</summary>
    public static NewStreamKey? ReadNew(RequestFields fields, ChannelDirectory channels, DateTimeOffset now)
    {
        var name = fields.RequiredText("name", DestinationRules.Name);
        var target = ReadTarget(fields, channels, isSourceNeeded: true);
        var kind = fields.Text("kind", Kind) == "development" ? StreamKeyKind.Development : StreamKeyKind.Regular;
        var expiry = fields.Text("expiresAt", Expiry);
        var ranges = ReadRanges(fields);
        var alias = fields.Text("alias", Alias);
        if (kind is StreamKeyKind.Development && expiry is not null)
            fields.Fail("expiresAt", "cannot be given for a development key: it works for 24 hours");
        if (kind is StreamKeyKind.Development && ranges is { Length: > 0 })
            fields.Fail("allowedAddresses", "cannot be given for a development key: it works from every address");
        var end = kind is StreamKeyKind.Development ? now + StreamKey.DevelopmentLifetime : expiry switch
        {
            null => now + StreamKey.DefaultLifetime,
            Never => (DateTimeOffset?)null,
            _ => ReadEnd(fields, expiry, now, now.AddYears(LongestYears)),
        };
        fields.RefuseUnknown();
        return fields.Errors.Count > 0 ? null : new NewStreamKey(name!, target!, kind, end, ranges ?? [], alias);
    }

    /// <summary>A wanted change of <paramref name="key"/>; null: the errors say why not.</summary>
    public static StreamKeyEdit? ReadEdit(RequestFields fields, StreamKey key, DateTimeOffset now)
    {
        var name = fields.Text("name", DestinationRules.Name);
        var expiry = fields.Text("expiresAt", Expiry);
        var ranges = ReadRanges(fields);
        var alias = fields.Text("alias", AliasOrNone);
        var isKicking = fields.Boolean("kick") ?? false;
        if (key.Kind is StreamKeyKind.Development && expiry is not null)
            fields.Fail("expiresAt", "cannot be given for a development key: it works for 24 hours");
        if (key.Kind is StreamKeyKind.Development && ranges is { Length: > 0 })
            fields.Fail("allowedAddresses", "cannot be given for a development key: it works from every address");
        if (key.IsChannelsOwn && name is not null)
            fields.Fail("name", "cannot be given for a channel's own key");
        if (key.IsChannelsOwn && expiry is not null and not Never)
            fields.Fail("expiresAt", "cannot be given for a channel's own key: every source has one that works; rotate it instead");
        var end = expiry is null or Never ? null : ReadEnd(fields, expiry, now, now.AddYears(LongestYears));
        fields.RefuseUnknown();
        return fields.Errors.Count > 0 ? null : new StreamKeyEdit(name, expiry is not null, end, ranges, alias, isKicking);
    }

    /// <summary>What is to be signed; null: the errors say why not.</summary>
    public static SignedGrant? ReadGrant(RequestFields fields, ChannelDirectory channels, DateTimeOffset now)
    {
        var action = fields.RequiredText("action", Action) == "publish" ? SignedAction.Publish : SignedAction.Play;
        var target = ReadTarget(fields, channels, isSourceNeeded: action is SignedAction.Publish);
        var seconds = fields.Integer("expiresInSeconds", 1, (int)SignedUrls.LongestLifetime.TotalSeconds);
        var expiry = fields.Text("expiresAt", Time);
        var ranges = ReadRanges(fields);
        if (fields.Has("expiresInSeconds") && fields.Has("expiresAt"))
            fields.Fail("expiresAt", "cannot stand beside expiresInSeconds");
        var end = expiry is not null ? ReadEnd(fields, expiry, now, now + SignedUrls.LongestLifetime) : now + (seconds is { } given ? TimeSpan.FromSeconds(given) : SignedUrls.DefaultLifetime);
        fields.RefuseUnknown();
        return fields.Errors.Count > 0
            ? null
            : new SignedGrant(action, target!.ChannelId, target.SourceId.Length == 0 ? null : target.SourceId, end!.Value.ToUnixTimeSeconds(), ranges is { Length: > 0 } ? ranges : null);
    }

    /// <summary>An overlap in seconds.</summary>
    public static TimeSpan ReadOverlap(RequestFields fields, TimeSpan otherwise, TimeSpan longest) =>
        fields.Integer("overlapSeconds", 0, (int)longest.TotalSeconds) is { } seconds ? TimeSpan.FromSeconds(seconds) : otherwise;

    /// <summary>Channel and source; without a source the channel's first, or none (an empty id) where it is not needed.</summary>
    private static IngestTarget? ReadTarget(RequestFields fields, ChannelDirectory channels, bool isSourceNeeded)
    {
        var channelId = fields.Text("channelId", Id);
        var sourceId = fields.Text("sourceId", Id);
        if (fields.Has("channelId") && channelId is null)
            return null;
        if (channels.Find(channelId ?? ChannelOptions.MainId) is not { } channel)
        {
            fields.Fail("channelId", "must be the id of a channel");
            return null;
        }

        if (sourceId is not null && !channel.Definition.Sources.Contains(sourceId))
            fields.Fail("sourceId", $"must be one of the sources {string.Join(", ", channel.Definition.Sources)}");
        return new IngestTarget(channel.Id, sourceId ?? (isSourceNeeded ? channel.Definition.Sources[0] : ""));
    }

    private static ImmutableArray<string>? ReadRanges(RequestFields fields)
    {
        if (fields.Texts("allowedAddresses", AnyText, StreamKey.MostRanges) is not { } texts)
            return null;
        var ranges = ImmutableArray.CreateBuilder<string>();
        foreach (var (index, text) in texts.Index())
        {
            if (AddressRange.TryParse(text, out var range, out var error))
                ranges.Add(range.ToString());
            else
                fields.Fail($"allowedAddresses/{index}", error);
        }

        return ranges.ToImmutable();
    }

    private static DateTimeOffset? ReadEnd(RequestFields fields, string text, DateTimeOffset now, DateTimeOffset latest)
    {
        if (TryTime(text, out var time) && time > now && time <= latest)
            return time.ToUniversalTime();
        fields.Fail("expiresAt", $"must be in the future, and not after {latest.UtcDateTime:yyyy-MM-dd}");
        return null;
    }

    private static bool TryTime(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(text, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);
}
