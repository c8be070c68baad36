using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Identity;

namespace StreamManager.Server.Security.Accounts;

/// <summary>
/// Hashes and checks passwords by ASP.NET Core Identity's hasher, few at a time: a flood of logins must not eat the processor that the program on air needs. There are two lanes, so that
/// strangers do not hold up addresses that are known. Thread-safe.
/// </summary>
internal sealed class PasswordHashing : IDisposable
{
    /// <summary>Rounds of PBKDF2-HMAC-SHA512: what OWASP's cheat sheet on password storage names (210,000; the hasher's own default is 100,000). A tenth of a second.</summary>
    public const int Iterations = 210_000;

    /// <summary>Hashes at once in one lane. One core of work at most for strangers, whatever they send.</summary>
    public const int MostAtOnce = 1;

    /// <summary>Waiting for their turn in one lane: about a second's work. Beyond it the answer is "busy".</summary>
    public const int MostWaiting = 8;

    private readonly PasswordHasher<UserRecord> _hasher = new(Microsoft.Extensions.Options.Options.Create(new PasswordHasherOptions { IterationCount = Iterations }));
    private readonly Lane _strangers = new();
    private readonly Lane _known = new();

    /// <summary>A hash that no password has. Checking it takes as long as checking a real one, so that a name nobody has answers as late as one with a wrong password.</summary>
    public static string HashOfNobody { get; } = MakeHashOfNobody();

    /// <summary>Hashes a new password. Null: too busy.</summary>
    public Task<string?> HashAsync(string password, CancellationToken cancellationToken) =>
        _known.RunAsync(() => _hasher.HashPassword(null!, password), cancellationToken);

    /// <summary>Checks a password. Null: too busy.</summary>
    /// <param name="hash">What was stored.</param>
    /// <param name="password">What was typed.</param>
    /// <param name="isKnown">The request comes from where a login has succeeded before, or from somebody who is logged in.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<PasswordCheck?> CheckAsync(string hash, string password, bool isKnown, CancellationToken cancellationToken)
    {
        var lane = isKnown ? _known : _strangers;
        return await lane.RunAsync(() => new PasswordCheck(_hasher.VerifyHashedPassword(null!, hash, password)), cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _strangers.Dispose();
        _known.Dispose();
    }

    // The hasher's third format: 01, pseudo-random function (2: HMAC-SHA512), rounds, length of the salt, salt, key; numbers are big-endian. Random bytes stand for the key.
    private static string MakeHashOfNobody()
    {
        const int header = 13, salt = 16, key = 32;
        var bytes = new byte[header + salt + key];
        bytes[0] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(1), 2);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(5), Iterations);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(9), salt);
        RandomNumberGenerator.Fill(bytes.AsSpan(header));
        return Convert.ToBase64String(bytes);
    }

    private sealed class Lane : IDisposable
    {
        private readonly SemaphoreSlim _turn = new(MostAtOnce);
        private int _inside;

        public async Task<T?> RunAsync<T>(Func<T> work, CancellationToken cancellationToken)
            where T : class
        {
            try
            {
                if (Interlocked.Increment(ref _inside) > MostAtOnce + MostWaiting)
                    return null;
                await _turn.WaitAsync(cancellationToken);
                try
                {
                    return await Task.Run(work, CancellationToken.None);
                }
                finally
                {
                    _turn.Release();
                }
            }
            finally
            {
                Interlocked.Decrement(ref _inside);
            }
        }

        public void Dispose() => _turn.Dispose();
    }
}

/// <summary>Outcome of a check.</summary>
internal sealed record PasswordCheck(PasswordVerificationResult Result)
{
    /// <summary>It is the password.</summary>
    public bool IsRight => Result is not PasswordVerificationResult.Failed;

    /// <summary>It is, and should be hashed anew with the settings of today.</summary>
    public bool NeedsRehash => Result is PasswordVerificationResult.SuccessRehashNeeded;
}
