using System.Reflection;

namespace StreamManager.Server.Hosting;

/// <summary>The version of this build.</summary>
internal static class ProductVersion
{
    /// <summary>For example 0.1.0+1a2b3c4.</summary>
    public static string Text { get; } = Shorten(
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown");

    private static string Shorten(string version)
    {
        var plus = version.IndexOf('+', StringComparison.Ordinal);
        return plus < 0 ? version : version[..Math.Min(version.Length, plus + 8)];
    }
}
