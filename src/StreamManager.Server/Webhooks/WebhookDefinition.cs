using System.Collections.Immutable;
using StreamManager.Server.Events;
using StreamManager.Server.Security;

namespace StreamManager.Server.Webhooks;

/// <summary>What holds when a decision is wanted and the endpoint does not give one.</summary>
internal enum DecisionFallback
{
    /// <summary>Whoever asks is refused.</summary>
    Deny = 1,

    /// <summary>Whoever asks is let in.</summary>
    Allow = 2,
}

/// <summary>One key of an endpoint.</summary>
/// <param name="Text">As its owner has it: <c>whsec_…</c>.</param>
/// <param name="ExpiresAt">It signs until then; null: it is the current one.</param>
internal sealed record WebhookSecret(string Text, DateTimeOffset? ExpiresAt)
{
    /// <inheritdoc/>
    public override string ToString() => Secret.Mask;
}

/// <summary>Why and when an endpoint was switched off by the server.</summary>
internal sealed record WebhookDisabling(DateTimeOffset At, string Reason);

/// <summary>One endpoint as its owner wants it. Immutable.</summary>
internal sealed record WebhookDefinition
{
    /// <summary>Unique.</summary>
    public required string Id { get; init; }

    /// <summary>Where to; may hold a token, so that it is kept sealed and is in no log.</summary>
    public required string Url { get; init; }

    /// <summary>What to tell, see <see cref="EventPattern"/>.</summary>
    public ImmutableArray<string> Events { get; init; } = [];

    /// <summary>Only what is about this channel; null: everything.</summary>
    public string? ChannelId { get; init; }

    /// <summary>False: nothing is sent and nothing asked.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Types of events that the endpoint decides, see <see cref="WebhookDecider"/>.</summary>
    public ImmutableArray<string> Decides { get; init; } = [];

    /// <summary>A decision that takes longer has failed.</summary>
    public TimeSpan DecisionTimeout { get; init; } = WebhookLimits.DefaultDecisionTimeout;

    /// <summary>Default deny: who puts a guard at the door wants it closed while the guard is away; an encoder tries again, but whoever was let in wrongly has been on air.</summary>
    public DecisionFallback OnDecisionFailure { get; init; } = DecisionFallback.Deny;

    /// <summary>When it was added; lists are in this order.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The server switched it off; null: it did not.</summary>
    public WebhookDisabling? Disabling { get; init; }

    /// <summary>The keys, current one first.</summary>
    public required ImmutableArray<WebhookSecret> Secrets { get; init; }

    /// <summary>Host and port, for logs and events.</summary>
    public string Host => Uri.TryCreate(Url, UriKind.Absolute, out var uri) ? uri.Authority : "";

    /// <summary>Does it get this event?</summary>
    public bool Wants(ServerEvent happened) => IsAbout(happened) && EventPattern.Matches(Events, happened.Type);

    /// <summary>Does it decide this event?</summary>
    public bool DecidesOn(ServerEvent happened) => Enabled && IsAbout(happened) && Decides.Contains(happened.Type, StringComparer.Ordinal);

    /// <summary>The keys that sign at this time.</summary>
    public IEnumerable<string> SecretsAt(DateTimeOffset now) => Secrets.Where(secret => secret.ExpiresAt is null || secret.ExpiresAt > now).Select(secret => secret.Text);

    /// <summary>With a new current key; the old ones sign on until <paramref name="overlapEnd"/>, none longer than before.</summary>
    public WebhookDefinition Rotated(string secret, DateTimeOffset now, DateTimeOffset overlapEnd) => this with
    {
        Secrets =
        [
            new WebhookSecret(secret, null),
            .. Secrets
                .Select(old => old with { ExpiresAt = old.ExpiresAt < overlapEnd ? old.ExpiresAt : overlapEnd })
                .Where(old => old.ExpiresAt > now)
                .Take(WebhookLimits.MostSecrets - 1),
        ],
    };

    /// <summary>What a receiver said, without the keys of the endpoint: it has them, and may give them back. Also as JSON and addresses write them.</summary>
    public string Masked(string text)
    {
        foreach (var secret in Secrets)
        {
            var bare = secret.Text[WebhookSignature.SecretPrefix.Length..];
            string[] forms = [bare, bare.Replace("+", @"\u002B", StringComparison.Ordinal), bare.Replace("/", @"\/", StringComparison.Ordinal), Uri.EscapeDataString(bare)];
            foreach (var form in forms)
                text = text.Replace(form, Secret.Mask, StringComparison.OrdinalIgnoreCase);
        }

        return text;
    }

    /// <inheritdoc/>
    public override string ToString() => $"webhook {Id}";

    private bool IsAbout(ServerEvent happened) => ChannelId is null || happened.ChannelId == ChannelId;
}
