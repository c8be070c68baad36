using System.Globalization;
using System.Text;

namespace StreamManager.Rtmp.Client;

/// <summary>Makes a server's words fit to show: one line, bounded, without our secrets, which servers like to repeat ("stream key … is not valid").</summary>
internal sealed class PeerText
{
    /// <summary>Longest text passed on, in characters: two sentences.</summary>
    public const int MaxLength = 240;

    // A shorter word is no secret, and hiding it everywhere would only make the text unreadable.
    private const int ShortestSecret = 3;
    private const string Mask = "***";

    private readonly List<string> _secrets = [];

    public PeerText(RtmpDestinationUrl destination)
    {
        AddWithQuery(destination.StreamKey);
        Add(destination.StreamKey.Split('?', 2)[0]);
        AddWithQuery(destination.App, onlyQuery: true);
        Add(destination.Password);
        // The longest first: the key with its query before the key.
        _secrets.Sort((a, b) => b.Length.CompareTo(a.Length));
    }

    /// <summary>The text without line breaks, control and formatting characters and without secrets, cut at <see cref="MaxLength"/>.</summary>
    public string Clean(string text)
    {
        // Cut before and after: the work must not depend on what the peer sent, and a mask must not be cut into a hint.
        if (text.Length > MaxLength * 8)
            text = text[..(MaxLength * 8)];
        foreach (var secret in _secrets)
            text = text.Replace(secret, Mask, StringComparison.OrdinalIgnoreCase);

        var clean = new StringBuilder(Math.Min(text.Length, MaxLength));
        foreach (var rune in text.EnumerateRunes())
        {
            if (clean.Length >= MaxLength)
            {
                clean.Append('…');
                break;
            }

            var category = Rune.GetUnicodeCategory(rune);
            var isVisible = category is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned) && rune != Rune.ReplacementChar;
            clean.Append(isVisible ? rune.ToString() : " ");
        }

        return clean.ToString().Trim();
    }

    private void Add(string secret)
    {
        if (secret.Length >= ShortestSecret && !_secrets.Contains(secret, StringComparer.Ordinal))
            _secrets.Add(secret);
    }

    private void AddWithQuery(string text, bool onlyQuery = false)
    {
        var question = text.IndexOf('?', StringComparison.Ordinal);
        if (!onlyQuery)
            Add(text);
        if (question < 0)
            return;
        Add(text[(question + 1)..]);
        foreach (var pair in text[(question + 1)..].Split('&'))
        {
            var equals = pair.IndexOf('=', StringComparison.Ordinal);
            // Short values ("backup=1") are switches, not tokens.
            if (equals >= 0 && pair.Length - equals - 1 >= ShortestSecret)
                Add(pair[(equals + 1)..]);
        }
    }
}
