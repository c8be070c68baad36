using System.Collections.Immutable;

namespace StreamManager.Server.Library;

/// <summary>How much more the library can take.</summary>
/// <param name="UploadLimit">Bytes of one file.</param>
/// <param name="LibraryLeft">Bytes until the library is full.</param>
/// <param name="DiskLeft">Bytes of the disk, without those that are kept free for the server's own state.</param>
internal sealed record MediaRoom(long UploadLimit, long LibraryLeft, long DiskLeft)
{
    /// <summary>Why a file of so many bytes cannot be taken; null: it can.</summary>
    public MediaShortage? For(long bytes)
    {
        if (bytes > UploadLimit)
            return MediaShortage.TooLarge;
        if (bytes > LibraryLeft)
            return MediaShortage.LibraryFull;
        return bytes > DiskLeft ? MediaShortage.DiskFull : null;
    }
}

/// <summary>What there is not enough of.</summary>
internal enum MediaShortage
{
    /// <summary>The file is larger than one may be.</summary>
    TooLarge = 1,

    /// <summary>The library has as many bytes or files as it may have.</summary>
    LibraryFull = 2,

    /// <summary>The disk has no room.</summary>
    DiskFull = 3,
}

/// <summary>Outcome of a wish to add a file.</summary>
internal abstract record MediaAddition
{
    private MediaAddition()
    {
    }

    /// <summary>It was added.</summary>
    public sealed record Added(MediaRecord Record) : MediaAddition;

    /// <summary>There is one with the same bytes.</summary>
    public sealed record Present(MediaRecord Record) : MediaAddition;

    /// <summary>The file is not taken.</summary>
    public sealed record Refused(MediaRefusal Refusal) : MediaAddition;

    /// <summary>There is no room.</summary>
    public sealed record NoRoom(MediaShortage Shortage) : MediaAddition;
}

/// <summary>Outcome of a wish to remove a file.</summary>
internal abstract record MediaRemoval
{
    private MediaRemoval()
    {
    }

    /// <summary>It is gone.</summary>
    public sealed record Removed : MediaRemoval;

    /// <summary>There is no such file.</summary>
    public sealed record Missing : MediaRemoval;

    /// <summary>These channels use it.</summary>
    public sealed record InUse(ImmutableArray<string> Channels) : MediaRemoval;
}
