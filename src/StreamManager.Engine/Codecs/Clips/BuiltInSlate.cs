namespace StreamManager.Engine.Codecs.Clips;

/// <summary>The picture that is there when nothing else is: embedded, in two shapes, so that the fallback never depends on a file of the user's.</summary>
internal static class BuiltInSlate
{
    /// <summary>Name of the one that suits a picture of this size.</summary>
    public static string NameFor(int width, int height) => height > width ? "slate-portrait.png" : "slate-landscape.png";

    /// <summary>Its PNG file.</summary>
    public static byte[] Read(string name)
    {
        using var stream = typeof(BuiltInSlate).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not embedded.");
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
