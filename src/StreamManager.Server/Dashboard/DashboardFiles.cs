using System.Collections.Frozen;
using StreamManager.Server.Hosting;

namespace StreamManager.Server.Dashboard;

/// <summary>
/// The built dashboard (folder <c>web/</c> of the repository), whole in memory: about two megabytes. An address is looked up in a table, so that nothing but these files can be reached, and
/// a build that is replaced under a running server changes nothing.
/// </summary>
internal sealed class DashboardFiles
{
    /// <summary>Many times what the build makes; another folder was named by mistake.</summary>
    private const int MostFiles = 2_000;

    /// <summary>The same in bytes.</summary>
    private const long MostBytes = 64L << 20;

    private static readonly FrozenDictionary<string, string> ContentTypes = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [".html"] = "text/html; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".json"] = "application/json",
        [".txt"] = "text/plain; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".png"] = "image/png",
        [".jpg"] = "image/jpeg",
        [".webp"] = "image/webp",
        [".ico"] = "image/x-icon",
        [".woff2"] = "font/woff2",
        [".webmanifest"] = "application/manifest+json",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly FrozenDictionary<string, DashboardFile> _files;

    private DashboardFiles(FrozenDictionary<string, DashboardFile> files)
    {
        _files = files;
        Index = files["/index.html"];
    }

    /// <summary>The page: every address of the dashboard begins with it.</summary>
    public DashboardFile Index { get; }

    /// <summary>Reads a folder; null: there is no <c>index.html</c> in it, since the dashboard was not built.</summary>
    /// <exception cref="StartupException">The folder cannot be read, or is far larger than any dashboard.</exception>
    public static DashboardFiles? Load(string folder)
    {
        if (!File.Exists(Path.Combine(folder, "index.html")))
            return null;
        try
        {
            var contents = Read(folder);
            return new DashboardFiles(contents.Where(entry => !IsCompressed(entry.Key)).ToFrozenDictionary(entry => entry.Key, entry => Make(entry.Key, contents), StringComparer.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"The dashboard in {folder} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The file at an address that begins with a slash; null: there is none.</summary>
    public DashboardFile? Find(string path) => _files.GetValueOrDefault(path);

    private static Dictionary<string, byte[]> Read(string folder)
    {
        var contents = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        var size = 0L;
        foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
        {
            size += new FileInfo(file).Length;
            if (contents.Count >= MostFiles || size > MostBytes)
                throw new StartupException($"The folder {folder} of the dashboard has more than {MostFiles} files or {MostBytes >> 20} MB: is it the right one (DASHBOARD_DIR)?");
            contents.Add("/" + Path.GetRelativePath(folder, file).Replace('\\', '/'), File.ReadAllBytes(file));
        }

        return contents;
    }

    private static DashboardFile Make(string path, Dictionary<string, byte[]> contents) => new(
        ContentTypes.GetValueOrDefault(Path.GetExtension(path), "application/octet-stream"),
        path.StartsWith("/assets/", StringComparison.Ordinal),
        DashboardFile.Form.Of(contents[path]),
        contents.TryGetValue(path + ".gz", out var gzip) ? DashboardFile.Form.Of(gzip) : null,
        contents.TryGetValue(path + ".br", out var brotli) ? DashboardFile.Form.Of(brotli) : null);

    private static bool IsCompressed(string path) => Path.GetExtension(path) is ".gz" or ".br";
}
