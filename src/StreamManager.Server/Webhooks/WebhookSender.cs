using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using StreamManager.Server.Security;

namespace StreamManager.Server.Webhooks;

/// <summary>What came of one request to an endpoint.</summary>
/// <param name="At">When it was sent.</param>
/// <param name="Duration">Until the answer was read, or there was none.</param>
/// <param name="Status">HTTP status; null: no answer.</param>
/// <param name="Error">Why it failed, in words without secrets; null: it succeeded.</param>
/// <param name="RetryAfter">When the receiver wants to be asked again, not bounded yet; null: it does not say.</param>
/// <param name="Body">The beginning of the answer, at most <see cref="WebhookLimits.LargestAnswer"/> bytes.</param>
/// <param name="IsWholeBody">The answer was read to its end.</param>
internal sealed record WebhookAnswer(DateTimeOffset At, TimeSpan Duration, int? Status, string? Error, DateTimeOffset? RetryAfter, ReadOnlyMemory<byte> Body, bool IsWholeBody)
{
    /// <summary>Any 2xx.</summary>
    public bool IsSuccess => Error is null;

    /// <summary>The receiver wants no more: 410.</summary>
    public bool IsGone => Status == (int)HttpStatusCode.Gone;

    /// <summary>The beginning of the answer for the log: printable, at most <see cref="WebhookLimits.KeptAnswer"/> characters, without the keys of the endpoint.</summary>
    public string? Shown(WebhookDefinition webhook)
    {
        var text = webhook.Masked(Encoding.UTF8.GetString(Body.Span));

        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            // Bytes that are no text, and signs without a picture, which could turn a log upside down.
            var category = Rune.GetUnicodeCategory(rune);
            var isShown = category is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
            var part = isShown ? rune.ToString() : " ";
            if (shown.Length + part.Length > WebhookLimits.KeptAnswer)
                break;
            if (part != " " || (shown.Length > 0 && shown[^1] != ' '))
                shown.Append(part);
        }

        var result = shown.ToString().Trim();
        return result.Length == 0 ? null : result;
    }
}

/// <summary>Sends one signed request and reads what comes back. No state of its own; thread-safe.</summary>
internal sealed class WebhookSender(OutboundHttp http, TimeProvider time)
{
    /// <summary>May it reach this machine and private networks?</summary>
    public bool AllowsPrivateAddresses => http.AllowsPrivateAddresses;

    /// <summary>Makes one request. Never throws for what the peer does.</summary>
    /// <param name="webhook">Where to, with its keys.</param>
    /// <param name="eventId">Id of the event: <c>webhook-id</c>.</param>
    /// <param name="body">The message.</param>
    /// <param name="timeout">For all of it.</param>
    /// <param name="cancellationToken">The server stops, or nobody waits any more.</param>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/>.</exception>
    public async Task<WebhookAnswer> SendAsync(WebhookDefinition webhook, string eventId, ReadOnlyMemory<byte> body, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var at = time.GetUtcNow();
        var start = time.GetTimestamp();
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using var request = Request(webhook, eventId, body, at);
            using var response = await http.SendAsync(request, either.Token);
            var (answer, isWhole) = await ReadAsync(response, either.Token);
            cancellationToken.ThrowIfCancellationRequested();
            return new WebhookAnswer(at, time.GetElapsedTime(start), (int)response.StatusCode, ErrorOf(response.StatusCode), RetryAfterOf(response), answer, isWhole);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return new WebhookAnswer(at, time.GetElapsedTime(start), null, OutboundHttp.Describe(e), null, default, IsWholeBody: false);
        }
    }

    private static HttpRequestMessage Request(WebhookDefinition webhook, string eventId, ReadOnlyMemory<byte> body, DateTimeOffset at)
    {
        var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        var request = new HttpRequestMessage(HttpMethod.Post, webhook.Url) { Content = content, Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("StreamManager-Webhooks", null));
        request.Headers.Add("webhook-id", eventId);
        request.Headers.Add("webhook-timestamp", WebhookSignature.Timestamp(at));
        request.Headers.TryAddWithoutValidation("webhook-signature", WebhookSignature.Sign(eventId, at, body.Span, webhook.SecretsAt(at)));
        return request;
    }

    /// <summary>What can be had of the body. The status has been said: a body that breaks off or drips does not change it.</summary>
    private static async Task<(ReadOnlyMemory<byte> Body, bool IsWhole)> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var buffer = new byte[WebhookLimits.LargestAnswer + 1];
        var length = 0;
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            while (length < buffer.Length)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
                if (read == 0)
                    return (buffer.AsMemory(0, length), true);
                length += read;
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            // The caller looks whether it was its own wish.
        }

        return (buffer.AsMemory(0, Math.Min(length, WebhookLimits.LargestAnswer)), false);
    }

    private static string? ErrorOf(HttpStatusCode status) => (int)status switch
    {
        >= 200 and < 300 => null,
        >= 300 and < 400 => "The answer was a redirect; they are not followed. Change the address of the webhook.",
        410 => "The receiver says that it is gone (410).",
        _ => $"The receiver answered with status {(int)status}.",
    };

    private DateTimeOffset? RetryAfterOf(HttpResponseMessage response) =>
        response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout)
            ? null
            : response.Headers.RetryAfter switch
            {
                // Beyond what counts anyway, and beyond what a date can hold.
                { Delta: { } delta } => time.GetUtcNow() + (delta > WebhookLimits.LongestRetryAfter ? WebhookLimits.LongestRetryAfter : delta),
                { Date: { } date } => date,
                _ => null,
            };
}
