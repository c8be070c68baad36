using System.Runtime.InteropServices;

namespace StreamManager.Media.Mp4;

/// <summary>A picture or a frame of sound in a file.</summary>
/// <param name="Data">Its bytes, as the codec wants them (NAL units with their lengths, raw AAC).</param>
/// <param name="Duration">To the next sample's decode time, in the track's units.</param>
/// <param name="CompositionOffset">Presentation less decode time, in the track's units; may be negative.</param>
/// <param name="IsSync">A decoder can start here.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Mp4Sample(ReadOnlyMemory<byte> Data, uint Duration, int CompositionOffset, bool IsSync);

/// <summary>Samples of one track that follow each other.</summary>
/// <param name="Track">The track.</param>
/// <param name="DecodeTime">Decode time of the first, in the track's units from the beginning of the file.</param>
/// <param name="Samples">One or more.</param>
public sealed record Mp4Run(Mp4Track Track, ulong DecodeTime, IReadOnlyList<Mp4Sample> Samples);

/// <summary>
/// A fragment (ISO/IEC 14496-12 section 8.8): a table of samples, and the samples themselves. A file is an init and any number of these, each of them whole by itself.
/// <code>
/// moof: mfhd { number u32 } | traf { tfhd { track u32 [flags u32] } | tfdt { decode time u64 } | trun { count u32 | offset from moof i32 | { duration u32 | size u32 [| flags u32 | composition i32] } … } } …
/// mdat: the samples of the first run, then those of the next …
/// </code>
/// </summary>
public static class Mp4Fragment
{
    private const int BoxHeader = 8;

    // tfhd
    private const uint DefaultFlagsPresent = 0x20;
    private const uint OffsetsFromMoof = 0x2_0000;

    // trun
    private const uint OffsetPresent = 0x1;
    private const uint DurationPresent = 0x100;
    private const uint SizePresent = 0x200;
    private const uint FlagsPresent = 0x400;
    private const uint CompositionPresent = 0x800;

    // Section 8.8.3.1: depends on others (1) or not (2) in bits 25 and 24, not a sync sample in bit 16.
    private const uint SyncSample = 2 << 24;
    private const uint OtherSample = 1 << 24 | 1 << 16;

    /// <summary>
    /// Everything in front of the first sample. The samples' own bytes follow, run by run, in their order: whoever sends or saves them gathers them, and nothing is copied here.
    /// </summary>
    /// <param name="number">Number of the fragment in its file, from 1.</param>
    /// <param name="runs">One for each track that has samples in it.</param>
    /// <exception cref="ArgumentException">There is nothing in it, or more than the 2 GiB that its offsets can say.</exception>
    public static byte[] WriteHeader(uint number, params ReadOnlySpan<Mp4Run> runs)
    {
        var (count, bytes) = (0, 0L);
        foreach (var run in runs)
        {
            if (run.Samples.Count == 0)
                throw new ArgumentException("A run without a sample.", nameof(runs));
            count += run.Samples.Count;
            foreach (var sample in run.Samples)
                bytes += sample.Data.Length;
        }
        var capacity = 64 + runs.Length * 100 + count * 16;
        if (runs.IsEmpty || bytes + capacity > int.MaxValue)
            throw new ArgumentException($"A fragment of {runs.Length} runs and {bytes} bytes.", nameof(runs));

        var writer = new BoxWriter(capacity);
        var fragment = writer.Begin("moof"u8);
        var header = writer.Begin("mfhd"u8, version: 0, flags: 0);
        writer.UInt32(number);
        writer.End(header);
        Span<int> offsets = runs.Length <= 8 ? stackalloc int[runs.Length] : new int[runs.Length];
        for (var i = 0; i < runs.Length; i++)
            offsets[i] = WriteRun(writer, runs[i]);
        writer.End(fragment);

        // Only now it is known where the samples begin.
        var offset = writer.Length + BoxHeader;
        for (var i = 0; i < runs.Length; i++)
        {
            writer.Patch(offsets[i], (uint)offset);
            foreach (var sample in runs[i].Samples)
                offset += sample.Data.Length;
        }
        writer.End(writer.Begin("mdat"u8), (uint)bytes);
        return writer.ToArray();
    }

    // Gives where the offset of its samples is to be written.
    private static int WriteRun(BoxWriter writer, Mp4Run run)
    {
        var isVideo = run.Track is Mp4VideoTrack;
        var box = writer.Begin("traf"u8);
        // Every frame of sound is a sync sample, shown when it is decoded: that is said once.
        var header = writer.Begin("tfhd"u8, version: 0, isVideo ? OffsetsFromMoof : OffsetsFromMoof | DefaultFlagsPresent);
        writer.UInt32(run.Track.Id);
        if (!isVideo)
            writer.UInt32(SyncSample);
        writer.End(header);
        var time = writer.Begin("tfdt"u8, version: 1, flags: 0);
        writer.UInt64(run.DecodeTime);
        writer.End(time);
        // Version 1: composition offsets may be negative.
        var table = writer.Begin("trun"u8, version: 1, OffsetPresent | DurationPresent | SizePresent | (isVideo ? FlagsPresent | CompositionPresent : 0));
        writer.UInt32((uint)run.Samples.Count);
        var offset = writer.Length;
        writer.UInt32(0);
        foreach (var sample in run.Samples)
        {
            writer.UInt32(sample.Duration);
            writer.UInt32((uint)sample.Data.Length);
            if (!isVideo)
                continue;
            writer.UInt32(sample.IsSync ? SyncSample : OtherSample);
            writer.UInt32((uint)sample.CompositionOffset);
        }
        writer.End(table);
        writer.End(box);
        return offset;
    }
}
