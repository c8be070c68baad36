using StreamManager.Server.Security;

namespace StreamManager.Server.Options;

/// <summary>Reads one text. False: it is not one of this type.</summary>
internal delegate bool SettingParser<T>(string text, out T value);

/// <summary>The grammar of a setting: the same for the environment and for <c>config.yml</c>.</summary>
/// <param name="Allowed">What a user may write, in words.</param>
/// <param name="Parse">Reads it.</param>
/// <param name="IsSecret">The value must never be repeated in a message.</param>
/// <param name="Show">Of a secret value what may be repeated after all; null: nothing.</param>
/// <param name="IsList">In the file it may be a list of texts, too; they are read as one, with commas between.</param>
internal sealed record SettingType<T>(string Allowed, SettingParser<T> Parse, bool IsSecret = false, Func<string, string>? Show = null, bool IsList = false)
{
    /// <summary>A wrong value as a message may repeat it.</summary>
    public string Shown(string text) => !IsSecret ? text : Show is null ? Secret.Mask : Show(text);
}
