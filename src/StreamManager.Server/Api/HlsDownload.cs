using System.Buffers;
using System.IO.Pipelines;
using StreamManager.Engine.Playback;
using StreamManager.Server.Channels;

namespace StreamManager.Server.Api;

/// <summary>A viewer fetches a segment.</summary>
/// <param name="segment">What.</param>
/// <param name="viewer">Who; what it takes is a sign of life, and its end is the end of this.</param>
/// <param name="viewers">Told of the signs of life.</param>
/// <param name="time">The clock.</param>
internal sealed class HlsDownload(HlsSegment segment, HlsViewer viewer, HlsViewers viewers, TimeProvider time)
{
    /// <summary>A viewer that takes nothing for so long is gone.</summary>
    private static readonly TimeSpan WriteTimeout = TimeSpan.FromSeconds(10);

    /// <summary>What is written before it is waited for: few system calls, and little of each viewer in memory.</summary>
    private const int PieceBytes = 64 * 1024;

    /// <summary>Writes all of it.</summary>
    /// <exception cref="OperationCanceledException">The request is gone, or the viewer, or the viewer is too slow.</exception>
    public async Task WriteAsync(PipeWriter body, CancellationToken aborted)
    {
        var waiting = 0;
        foreach (var piece in segment.Pieces)
        {
            for (var rest = piece; !rest.IsEmpty;)
            {
                var part = rest[..Math.Min(rest.Length, PieceBytes - waiting)];
                body.Write(part.Span);
                rest = rest[part.Length..];
                waiting += part.Length;
                if (waiting < PieceBytes)
                    continue;
                await FlushAsync(body, aborted);
                waiting = 0;
            }
        }

        await FlushAsync(body, aborted);
    }

    private async Task FlushAsync(PipeWriter body, CancellationToken aborted)
    {
        using var slow = new CancellationTokenSource(WriteTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted, viewer.Gone, slow.Token);
        await body.FlushAsync(either.Token);
        viewers.Touch(viewer);

        // What nobody can ask for any more is not held for one who is slow: a segment is up to 16 MiB, and a viewer may have many requests.
        if (!ReferenceEquals(viewer.Viewing.Window.Find(segment.Number), segment))
            throw new OperationCanceledException();
    }
}
