using System.Buffers;
using System.Text;
using StreamManager.Server.Storage.Redis;

namespace StreamManager.Server.Tests.Storage.Redis;

/// <summary>
/// Bytes of any kind: nothing but a format exception escapes, memory stays in proportion, and what was read can be written and read again equal. Always the same mutations;
/// <c>STREAM_MANAGER_FUZZ_SECONDS</c> asks for a long run with others.
/// </summary>
public sealed class RespFuzzTests(ITestOutputHelper output)
{
    private const int ShortRuns = 20_000;
    private const int ShortSeed = 20_260_101;
    private const int MaxInputBytes = 2048;

    /// <summary>A header of four bytes may announce an array that costs eight bytes a value only when the values are there, so memory follows the input; the base is the exception and its trace.</summary>
    private const long AllocationBase = 64 * 1024;
    private const long AllocationPerByte = 256;

    private static readonly string[] Words = ["\r\n", "$-1\r\n", "*-1\r\n", "*1\r\n", "*2\r\n", "$0\r\n\r\n", "2147483647", "-9223372036854775808", ":", "+", "-", "\0"];

    [Fact]
    public void Mutations_OfTheVectors_BreakNothing()
    {
        var seconds = int.TryParse(Environment.GetEnvironmentVariable("STREAM_MANAGER_FUZZ_SECONDS"), out var parsed) ? parsed : 0;
        var seed = seconds > 0 ? Environment.ProcessId : ShortSeed;
        var random = new Random(seed);
        List<byte[]> pool = [.. RespVectors.List.Select(vector => vector.Bytes)];
        var outcomes = new HashSet<string>(StringComparer.Ordinal);
        var start = TimeProvider.System.GetTimestamp();
        long runs = 0;
        while (seconds > 0 ? TimeProvider.System.GetElapsedTime(start).TotalSeconds < seconds : runs < ShortRuns)
        {
            runs++;
            var input = Mutate(random, pool);
            if (outcomes.Add(Run(input, seed)) && pool.Count < 2000)
                pool.Add(input);
        }

        output.WriteLine($"{runs} runs, seed {seed}, {outcomes.Count} outcomes");
        Assert.InRange(outcomes.Count, 20, int.MaxValue);
    }

    private static string Run(byte[] input, int seed)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        var outcome = new StringBuilder();
        try
        {
            var buffer = new ReadOnlySequence<byte>(input);
            while (RespReader.TryRead(ref buffer, RespLimits.Default, out var value))
            {
                var written = new ArrayBufferWriter<byte>();
                RespWriter.Write(written, value);
                var again = new ReadOnlySequence<byte>(written.WrittenMemory);
                if (!RespReader.TryRead(ref again, RespLimits.Default, out var second) || !value.Equals(second) || !again.IsEmpty)
                    throw new InvalidOperationException("What was read is not written and read again equal.");
                outcome.Append(Shape(value)).Append(' ');
            }

            outcome.Append(buffer.IsEmpty ? "end" : "more");
        }
        catch (RespFormatException e)
        {
            outcome.Append(e.Message);
        }
        catch (Exception e)
        {
            Assert.Fail($"seed {seed}, input {Convert.ToHexString(input)}: {e}");
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(allocated <= AllocationBase + (AllocationPerByte * input.Length), $"seed {seed}, input {Convert.ToHexString(input)}: {allocated} bytes allocated");
        return outcome.ToString(0, Math.Min(outcome.Length, 100));
    }

    private static string Shape(RespValue value) => value is RespValue.Array array ? $"[{string.Concat(array.Items.Take(5).Select(Shape))}]" : value.GetType().Name[..1];

    private static byte[] Mutate(Random random, List<byte[]> pool)
    {
        List<byte> bytes = [.. pool[random.Next(pool.Count)]];
        for (var changes = 1 << random.Next(4); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count + 1);
            switch (random.Next(6))
            {
                case 0 when at < bytes.Count:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.InsertRange(at, Encoding.ASCII.GetBytes(Words[random.Next(Words.Length)]));
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.Next(1, 5)));
                    break;
                case 4:
                    bytes.InsertRange(at, pool[random.Next(pool.Count)]);
                    break;
                default:
                    bytes.RemoveRange(at, bytes.Count - at);
                    bytes.AddRange(pool[random.Next(pool.Count)]);
                    break;
            }
        }

        return [.. bytes.Take(MaxInputBytes)];
    }
}
