using System.Runtime.InteropServices;

namespace StreamManager.Server.Storage;

/// <summary>Which file a path names, whatever its name: the device and the number of the file on it. .NET tells neither, so the one call for it is made here.</summary>
internal readonly record struct FileIdentity(uint DeviceMajor, uint DeviceMinor, ulong Number)
{
    /// <summary>AT_FDCWD: the path is taken as it is everywhere else.</summary>
    private const int CurrentFolder = -100;

    /// <summary>STATX_INO.</summary>
    private const uint NumberWanted = 0x100;

    /// <summary>The file at <paramref name="path"/>; null: there is none, or it cannot be looked at.</summary>
    public static FileIdentity? Of(string path) =>
        Statx(CurrentFolder, path, flags: 0, NumberWanted, out var found) == 0 ? new FileIdentity(found.DeviceMajor, found.DeviceMinor, found.Number) : null;

    [DllImport("libc", EntryPoint = "statx")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(int folder, [MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags, uint mask, out StatxBuffer found);

    /// <summary>struct statx: unlike struct stat it is the same on every processor (statx(2)).</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatxBuffer
    {
        [FieldOffset(32)]
        public ulong Number;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}
