using System.Collections.Immutable;
using StreamManager.Engine.Channels;
using StreamManager.Server.Channels;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace StreamManager.Server.Options;

/// <summary>Reads <c>config.yml</c> over the built-in values.</summary>
internal static class ConfigFileReader
{
    /// <summary>Most bytes of a configuration file: a thousand channels' worth; more is the wrong file.</summary>
    private const int LargestFile = 1 << 20;

    /// <summary>A network disk that is slow answers by then; longer, and a reload would seem to hang.</summary>
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The grammar of channel ids.</summary>
    public static SettingType<string> ChannelId { get; } = new("1 to 40 lower-case letters, digits and dashes, beginning with a letter or digit", (string text, out string value) =>
    {
        value = text;
        return text.Length is > 0 and <= 40 && text[0] != '-' && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');
    });

    /// <summary>Reads the file at <paramref name="path"/>; <paramref name="options"/> come back with what is built in when there is none and none <paramref name="isRequired"/>.</summary>
    public static ServerOptions Read(string path, bool isRequired, ServerOptions options, OptionNotes errors)
    {
        var name = Path.GetFileName(path);
        string text;
        try
        {
            var file = new FileInfo(path);
            if (!file.Exists && !isRequired)
                return Parse("", name, Path.GetDirectoryName(Path.GetFullPath(path))!, options, errors);
            if (ReadText(path) is not { } read)
            {
                errors.Add(name, path, $"is larger than {LargestFile >> 20} MB; this is not a configuration file");
                return options;
            }

            text = read;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.Add("environment", "CONFIG_FILE", $"{path} cannot be read: {e.Message}");
            return options;
        }

        return Parse(text, name, Path.GetDirectoryName(Path.GetFullPath(path))!, options, errors);
    }

    /// <summary>The text of a file; null: it is too large. The size that the system tells is not believed: a device has none and never ends.</summary>
    /// <exception cref="IOException">It cannot be read, or not in time.</exception>
    private static string? ReadText(string path)
    {
        // On a thread of its own: a pipe without a writer cannot even be opened, and nothing takes a thread out of that.
        var reading = Task.Factory.StartNew(() => ReadBounded(path), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        if (!((IAsyncResult)reading).AsyncWaitHandle.WaitOne(ReadTimeout))
            throw new IOException($"it gives nothing within {ReadTimeout.TotalSeconds:0} s; it must be a plain file, not a pipe.");
        return reading.GetAwaiter().GetResult();
    }

    private static string? ReadBounded(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);
        var bytes = new byte[LargestFile + 1];
        var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (length > LargestFile)
            return null;
        using var reader = new StreamReader(new MemoryStream(bytes, 0, length));
        return reader.ReadToEnd();
    }

    /// <summary>Reads the text of a configuration file; paths in it are relative to <paramref name="folder"/>.</summary>
    public static ServerOptions Parse(string text, string name, string folder, ServerOptions options, OptionNotes errors)
    {
        YamlNode root;
        try
        {
            ConfigFileShape.Check(text);
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            root = stream.Documents.Count == 0 ? new YamlMappingNode() : stream.Documents[0].RootNode;
        }
        catch (AnchorNotFoundException)
        {
            // Its text has the name, which may be a key that begins with an asterisk, and mistakes are shown to every viewer; its line is always the first.
            errors.Add(name, "YAML", "a value that begins with * means an anchor, and there is none of that name; put it in quotes");
            return options;
        }
        catch (YamlException e)
        {
            errors.Add($"{name} line {e.Start.Line}", "YAML", $"cannot be read: {e.Message}");
            return options;
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FormatException)
        {
            // The parser lets some of its own slips out, for example on a flow sequence that is never closed; it does not say where.
            errors.Add(name, "YAML", $"cannot be read: {e.Message}");
            return options;
        }

        if (root is YamlScalarNode { Value: null or "" })
            root = new YamlMappingNode();
        if (root is not YamlMappingNode mapping)
        {
            errors.Add(name, "YAML", "must be a mapping of keys and values");
            return options;
        }

        return ReadRoot(new ConfigSection(mapping, name, "", errors), folder, options);
    }

    /// <summary>Reads every key of the file, and so names every key that there is.</summary>
    internal static ServerOptions ReadRoot(ConfigSection root, string folder, ServerOptions options)
    {
        var rtmp = options.Rtmp;
        var main = ChannelConfigReader.Read(root, options.Channels[0], folder);
        options = options with
        {
            CoalescingTime = root.Read("coalescing_ms", SettingTypes.Milliseconds(0, 350), options.CoalescingTime),
            AliasesOnPublicAddresses = root.Read("aliases_on_public_addresses", SettingTypes.Boolean, options.AliasesOnPublicAddresses),
            TrustedProxies = root.Read("trusted_proxies", SettingTypes.Proxies, options.TrustedProxies),
            LocalPlayNeedsToken = root.Read("local_play_needs_token", SettingTypes.Boolean, options.LocalPlayNeedsToken),
            WebhookAllowPrivateAddresses = root.Read("webhook_allow_private_addresses", SettingTypes.Boolean, options.WebhookAllowPrivateAddresses),
            Rtmp = rtmp with
            {
                ChunkSize = root.Read("rtmp_chunk_size", SettingTypes.Integer(128, 65_536), rtmp.ChunkSize),
                PingInterval = root.Read("rtmp_ping_interval", SettingTypes.Seconds(1, 3600), rtmp.PingInterval),
                PingTimeout = root.Read("rtmp_ping_timeout", SettingTypes.Seconds(1, 3600), rtmp.PingTimeout),
                GopCache = root.Read("gop_cache", SettingTypes.Boolean, rtmp.GopCache),
                MaximumConnections = root.Read("rtmp_max_connections", SettingTypes.Integer(1, 100_000), rtmp.MaximumConnections),
                MaximumConnectionsPerAddress =
                    root.Read("rtmp_max_connections_per_address", SettingTypes.Integer(1, 100_000), rtmp.MaximumConnectionsPerAddress),
            },
            EventRetentionDays = root.Read("event_retention_days", SettingTypes.Integer(1, 3_650), options.EventRetentionDays),
            EventRetentionEntries = root.Read("event_retention_entries", SettingTypes.Integer(1_000, 10_000_000), options.EventRetentionEntries),
            Media = options.Media with
            {
                UploadLimit = root.Read("upload_limit", SettingTypes.Bytes(1L << 20, 1L << 40), options.Media.UploadLimit),
                LibraryLimit = root.Read("media_library_limit", SettingTypes.Bytes(1L << 20, 1L << 50), options.Media.LibraryLimit),
            },
            Channels = [main, .. ReadChannels(root, folder)],
        };
        if (options.Rtmp.PingTimeout < options.Rtmp.PingInterval)
            root.Fail("rtmp_ping_timeout", "must not be below rtmp_ping_interval");
        if (options.Media.LibraryLimit < options.Media.UploadLimit)
            root.Fail("media_library_limit", "must not be below upload_limit");
        root.RefuseUnknown();
        return options;
    }

    private static ImmutableArray<ChannelOptions> ReadChannels(ConfigSection root, string folder)
    {
        var channels = ImmutableArray.CreateBuilder<ChannelOptions>();
        foreach (var entry in root.ReadList("channels"))
        {
            if (channels.Count == ChannelCatalog.MostChannels)
            {
                root.Fail("channels", $"must not have more than {ChannelCatalog.MostChannels} entries");
                break;
            }

            var id = entry.ReadRequired("id", ChannelId) ?? "";
            if (id == ChannelOptions.MainId)
                entry.Fail("id", "main is the channel at the top of the file; choose another id");
            else if (id.Length > 0 && channels.Any(other => other.Definition.Id == id))
                entry.Fail("id", $"\"{id}\" is there twice");
            channels.Add(ChannelConfigReader.Read(entry, new ChannelOptions { Definition = new ChannelDefinition { Id = id } }, folder));
            entry.RefuseUnknown();
        }

        return channels.ToImmutable();
    }
}
