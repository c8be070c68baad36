using System.Diagnostics;

namespace StreamManager.Media.Tests.Support;

internal sealed record FFmpegResult(int ExitCode, byte[] Output, string Errors)
{
    /// <summary>Succeeded without a line on standard error (run with <c>-v error</c>).</summary>
    public FFmpegResult AssertClean()
    {
        Assert.Equal("", Errors);
        Assert.Equal(0, ExitCode);
        return this;
    }

    public string OutputText => System.Text.Encoding.UTF8.GetString(Output);
}

/// <summary>Runs the real ffmpeg: the judge of what we write.</summary>
internal static class FFmpeg
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static FFmpegResult Run(byte[] input, params string[] arguments)
    {
        var start = new ProcessStartInfo("ffmpeg")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in (string[])["-hide_banner", "-v", "error", "-nostats", .. arguments])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = Task.Run(() =>
        {
            using var memory = new MemoryStream();
            process.StandardOutput.BaseStream.CopyTo(memory);
            return memory.ToArray();
        });
        try
        {
            process.StandardInput.BaseStream.Write(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // ffmpeg closed its input: its words on standard error say why.
        }
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException("ffmpeg did not end.");
        }
        return new FFmpegResult(process.ExitCode, output.GetAwaiter().GetResult(), errors.GetAwaiter().GetResult());
    }
}
