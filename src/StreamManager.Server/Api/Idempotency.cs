using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using StreamManager.Server.Api.Description;
using StreamManager.Server.Security.Accounts;
using StreamManager.Server.Security.Vaults;
using StreamManager.Server.Storage;

namespace StreamManager.Server.Api;

/// <summary>
/// A request that makes something may carry a key of its sender's choice: whoever did not get the answer sends the same again and gets that answer, and nothing is made twice. Stands
/// between the gate and the routes, and heeds the header where a route says that it creates (<see cref="RouteDescription.IsCreation"/>). Only good answers are kept: where nothing was
/// made, there is nothing to be made twice. Answers may hold a secret (a token, a stream key), so all are sealed.
/// </summary>
internal sealed class Idempotency(IStateStore store, Vault vault, TimeProvider time)
{
    /// <summary>The header (draft-ietf-httpapi-idempotency-key-header).</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>Kind of the documents.</summary>
    public const string Kind = "idempotency";

    /// <summary>Longest key: a UUID or a hash with a name before it is well below it.</summary>
    public const int LongestKey = 128;

    /// <summary>Keys of one caller within <see cref="Lifetime"/>: half of the most stream keys there can be, made in one go; some 5 MB in the store.</summary>
    public const int MostKeys = 5_000;

    /// <summary>An answer is kept so long: a queue of jobs that tries again over night comes in time.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <summary>A server that was killed while it answered leaves the key taken for so long. Making something takes seconds at most.</summary>
    private static readonly TimeSpan RunningTime = TimeSpan.FromMinutes(2);

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:+/=~");

    private readonly DocumentSet<IdempotencyRecord> _records = new(store, Kind, IdempotencyJson.Default.IdempotencyRecord);

    // When each caller used a key that was new, oldest first. In this process only: a restart begins anew, and the store forgets by itself.
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedList<DateTimeOffset>> _uses = new(StringComparer.Ordinal);

    private static Problem WrongKey { get; } = new(
        StatusCodes.Status400BadRequest, "invalid_idempotency_key", $"{Header} must be there once, with 1 to {LongestKey} letters, digits or signs of -_.:+/=~.", "A random UUID will do.");

    private static Problem Reused { get; } = new(
        StatusCodes.Status422UnprocessableEntity, "idempotency_key_reused", "This Idempotency-Key came with another request before.", "Take a new key for a new request.");

    private static Problem InProgress { get; } = new(
        StatusCodes.Status409Conflict, "idempotency_in_progress", "The first request with this Idempotency-Key is still being answered.", "Try again in a moment.");

    private static Problem TooMany { get; } = new(
        StatusCodes.Status429TooManyRequests, "too_many_idempotency_keys", $"There cannot be more than {MostKeys} keys of one caller in 24 hours.", "Send the request without a key, or later.");

    /// <summary>Answers again, or lets the request through and keeps its answer.</summary>
    /// <exception cref="StoreUnavailableException">The store is away: without it nobody knows whether the request came before.</exception>
    public async Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<RouteDescription>() is not { IsCreation: true }
            || !context.Request.Headers.TryGetValue(Header, out var keys)
            || context.Features.Get<Caller>() is not { } caller)
        {
            await next(context);
            return;
        }

        if (keys is not [{ Length: > 0 and <= LongestKey } key] || key.AsSpan().ContainsAnyExcept(Allowed))
        {
            await WrongKey.ExecuteAsync(context);
            return;
        }

        if (await RequestFields.ReadBodyAsync(context.Request) is not { } body)
        {
            await RequestFields.TooLarge(context.Request).ExecuteAsync(context);
            return;
        }

        var who = NameOf(caller);
        var id = Hash($"{who}\n{context.Request.Path}\n{key}");
        var request = Hash($"{context.Request.ContentType}\n{Convert.ToHexStringLower(SHA256.HashData(body.Span))}");
        context.Request.Body = new MemoryStream(body.ToArray(), writable: false);
        await (await FindAsync(id, request, context.RequestAborted) is { } known ? RepeatAsync(context, id, known) : AnswerAsync(context, next, who, id, request));
    }

    private async Task<Versioned<IdempotencyRecord>?> FindAsync(string id, string request, CancellationToken cancellationToken)
    {
        var found = await _records.GetAsync(id, cancellationToken);
        return found?.Value.Request == request || found is null ? found : found with { Value = found.Value with { IsOther = true } };
    }

    private async Task RepeatAsync(HttpContext context, string id, Versioned<IdempotencyRecord> known)
    {
        var record = known.Value;
        if (record.IsOther)
        {
            await Reused.ExecuteAsync(context);
            return;
        }

        if (record.Status == 0 || vault.TryOpen(record.Body, OwnerOf(id)) is not { } body)
        {
            context.Response.Headers.RetryAfter = "1";
            await InProgress.ExecuteAsync(context);
            return;
        }

        var response = context.Response;
        response.StatusCode = record.Status;
        response.ContentType = record.ContentType;
        response.Headers.CacheControl = "no-store";
        response.Headers["Idempotency-Replayed"] = "true";
        if (record.Location is not null)
            response.Headers.Location = record.Location;
        if (record.Tag is not null)
            response.Headers.ETag = record.Tag;
        await response.WriteAsync(body, context.RequestAborted);
    }

    private async Task AnswerAsync(HttpContext context, RequestDelegate next, string who, string id, string request)
    {
        if (TryCount(who, out var wait) is not { } use)
        {
            context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString("0", CultureInfo.InvariantCulture);
            await TooMany.ExecuteAsync(context);
            return;
        }

        long? version = null;
        try
        {
            version = await _records.PutAsync(id, new IdempotencyRecord(request), StateWrite.Absent, context.RequestAborted, time.GetUtcNow() + RunningTime);
        }
        finally
        {
            if (version is null)
                Uncount(who, use);
        }

        if (version is null)
        {
            // Another request with this key was quicker.
            var other = await FindAsync(id, request, context.RequestAborted);
            await (other is null ? InProgress.ExecuteAsync(context) : RepeatAsync(context, id, other));
            return;
        }

        // Who goes away before the answer will ask again with this key: what was begun is ended and kept, and not given up in the middle, where it may have been made or not.
        var (client, aborted) = (context.Response.Body, context.RequestAborted);
        using var answer = new MemoryStream();
        var (isMade, isUnknown) = (false, false);
        (context.Response.Body, context.RequestAborted) = (answer, CancellationToken.None);
        try
        {
            await next(context);
            isMade = context.Response.StatusCode is >= 200 and < 300;
        }
        catch (StoreUnavailableException e) when (e.MayBeDone)
        {
            // Freed now, the key would let it be made twice. It frees itself when its running time is over.
            isUnknown = true;
            throw;
        }
        finally
        {
            (context.Response.Body, context.RequestAborted) = (client, aborted);
            if (!isMade && !isUnknown)
            {
                Uncount(who, use);
                await ForgetAsync(id, version);
            }
        }

        if (isMade)
            await KeepAsync(context.Response, answer, id, request, version);
        answer.Position = 0;
        await answer.CopyToAsync(client, aborted);
    }

    /// <summary>What was made is made: an answer that cannot be kept is given all the same, and the key is free again when its running time is over.</summary>
    private async Task KeepAsync(HttpResponse response, MemoryStream answer, string id, string request, long? version)
    {
        var record = new IdempotencyRecord(
            request,
            response.StatusCode,
            response.ContentType,
            response.Headers.Location.Count > 0 ? response.Headers.Location.ToString() : null,
            response.Headers.ETag.Count > 0 ? response.Headers.ETag.ToString() : null,
            vault.Seal(Encoding.UTF8.GetString(answer.GetBuffer(), 0, (int)answer.Length), OwnerOf(id)));
        try
        {
            await _records.PutAsync(id, record, version, CancellationToken.None, time.GetUtcNow() + Lifetime);
        }
        catch (StoreUnavailableException)
        {
            // See above.
        }
    }

    private async Task ForgetAsync(string id, long? version)
    {
        try
        {
            await _records.RemoveAsync(id, version, CancellationToken.None);
        }
        catch (StoreUnavailableException)
        {
            // It goes by itself soon.
        }
    }

    /// <summary>Counts a new key. Null: there are too many; <paramref name="wait"/> says for how long.</summary>
    private LinkedListNode<DateTimeOffset>? TryCount(string who, out TimeSpan wait)
    {
        var now = time.GetUtcNow();
        wait = TimeSpan.Zero;
        lock (_lock)
        {
            // Callers are accounts, of which there is a bounded number; those that are quiet for a day go.
            foreach (var quiet in _uses.Where(entry => entry.Key != who && entry.Value.All(use => now - use >= Lifetime)).Select(entry => entry.Key).Take(1).ToArray())
                _uses.Remove(quiet);
            if (!_uses.TryGetValue(who, out var uses))
                _uses[who] = uses = [];
            while (uses.First is { } oldest && now - oldest.Value >= Lifetime)
                uses.Remove(oldest);
            if (uses.Count < MostKeys)
                return uses.AddLast(now);
            wait = uses.First!.Value + Lifetime - now;
            return null;
        }
    }

    /// <summary>A key that made nothing is free again, and takes no room.</summary>
    private void Uncount(string who, LinkedListNode<DateTimeOffset> use)
    {
        lock (_lock)
        {
            // It may have gone by itself meanwhile.
            if (use.List is { } uses && _uses.GetValueOrDefault(who) == uses)
                uses.Remove(use);
        }
    }

    /// <summary>A user by whatever session; a token by itself, since two of one user may do different things.</summary>
    private static string NameOf(Caller caller) => caller.SessionId is not null && caller.UserId is { } user ? "user:" + user : $"{caller.TokenId}:{caller.Actor}";

    private static string OwnerOf(string id) => $"{Kind}/{id}";

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
