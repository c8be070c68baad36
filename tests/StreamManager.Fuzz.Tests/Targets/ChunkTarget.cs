using System.Buffers;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Fuzz.Tests.Targets;

internal static class ChunkTarget
{
    // What is written again has longer headers and another order of chunks, so that the price of small chunks is another.
    private static readonly RtmpWireLimits Rewritten = new() { ChunkCredit = int.MaxValue / 2 };

    public static string Run(byte[] input)
    {
        var budget = new PartialBytesBudget();
        var whole = Read(input, input.Length + 1, RtmpWireLimits.Default, budget);
        var split = Read(input, 1 + (input.Length == 0 ? 0 : input[^1] % 7), RtmpWireLimits.Default, budget);
        Law.Holds(whole.Outcome == split.Outcome, $"The outcome does not depend on how the bytes arrive: {whole.Outcome}, {split.Outcome}.");
        Law.Holds(Same(whole.Messages, split.Messages), "The messages do not depend on how the bytes arrive.");
        Law.Holds(budget.Reserved == 0, "All memory is given back.");

        var again = Read(Write(whole.Messages), int.MaxValue, Rewritten, budget);
        Law.Holds(again.Outcome == "" && Same(whole.Messages, again.Messages), "What was read is written and read again equal.");
        var types = whole.Messages.Take(4).Select(m => m.Type is < RtmpMessageType.DataAmf3 ? m.Type.ToString() : "other");
        return $"{whole.Outcome} {string.Join(' ', types)}";
    }

    private static (List<RtmpMessage> Messages, string Outcome) Read(byte[] input, int pieceSize, RtmpWireLimits limits, PartialBytesBudget budget)
    {
        using var reader = new ChunkReader(limits, budget);
        var messages = new List<RtmpMessage>();
        long start = 0;
        try
        {
            for (long end = 0; end < input.Length;)
            {
                end = Math.Min(input.Length, end + pieceSize);
                var buffer = new ReadOnlySequence<byte>(input, (int)start, (int)(end - start));
                while (reader.TryReadMessage(ref buffer, out var message))
                    messages.Add(message);

                Law.Holds(buffer.Length <= ChunkHeader.MaxSize, "Only a part of a header is left in the buffer.");
                start = end - buffer.Length;
            }

            return (messages, "");
        }
        catch (RtmpProtocolException e)
        {
            return (messages, e.Error.ToString());
        }
    }

    private static byte[] Write(List<RtmpMessage> messages)
    {
        var output = new ArrayBufferWriter<byte>();
        var writer = new ChunkWriter();
        foreach (var message in messages)
        {
            writer.WriteMessage(output, message);
            if (message.Type is RtmpMessageType.SetChunkSize)
                writer.ChunkSize = Math.Min(RtmpControlMessage.ReadSetChunkSize(message.Body.Span), ChunkWriter.MaxChunkSize);
        }

        return output.WrittenSpan.ToArray();
    }

    private static bool Same(List<RtmpMessage> first, List<RtmpMessage> second) =>
        first.Count == second.Count && first.Zip(second).All(p =>
            (p.First.Type, p.First.StreamId, p.First.Timestamp) == (p.Second.Type, p.Second.StreamId, p.Second.Timestamp)
            && p.First.Body.Span.SequenceEqual(p.Second.Body.Span));
}
