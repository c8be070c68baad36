using System.Runtime.Versioning;
using System.Text;
using StreamManager.Engine.Codecs.Processes;
using StreamManager.TestKit;

namespace StreamManager.Engine.Tests.Codecs;

[SupportedOSPlatform("linux")]
public sealed class ChildProcessTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Child_ThatEnds_GivesItsCodeAndItsLastWords()
    {
        await using var child = Start("echo out; echo 'first words' >&2; echo 'last words' >&2; exit 3");

        Assert.Equal(3, await child.Completion.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken));
        Assert.Equal("last words", child.Errors.LastLines(1));
        Assert.Equal("out\n", await ReadAllAsync(child));
    }

    [Fact]
    public async Task Child_SaysMuch_IsDrainedAndOnlyTheTailIsKept()
    {
        await using var child = Start("i=0; while [ $i -lt 20000 ]; do echo \"line $i is said\" >&2; i=$((i+1)); done; exit 0");

        Assert.Equal(0, await child.Completion.WaitAsync(Eventually.DefaultTimeout, TestContext.Current.CancellationToken));
        Assert.True(child.Errors.TotalBytes > 10 * ChildProcess.ErrorTailBytes);
        Assert.InRange(child.Errors.ToString().Length, 1, ChildProcess.ErrorTailBytes);
        Assert.EndsWith("line 19999 is said", child.Errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Child_Environment_HasNothingOfOurs()
    {
        Environment.SetEnvironmentVariable("STREAM_SECRET_FOR_TEST", "hunter2");
        await using var child = Start("env");

        var environment = await ReadAllAsync(child);

        Assert.DoesNotContain("hunter2", environment, StringComparison.Ordinal);
        var names = environment.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=')[0]).Except(["PWD", "OLDPWD", "SHLVL", "_"]);
        Assert.Equal(["AV_LOG_FORCE_NOCOLOR", "HOME", "LANG", "PATH", "TMPDIR"], names.Order(StringComparer.Ordinal));
        Assert.Contains($"HOME={_directory.Path}", environment, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Child_Arguments_ReachItAsTheyAre()
    {
        await using var child = Start("printf '%s|' \"$@\"", arguments: ["a b", "$HOME; rm -rf x", "\"quoted\"", ""]);

        Assert.Equal("a b|$HOME; rm -rf x|\"quoted\"||", await ReadAllAsync(child));
    }

    [Fact]
    public async Task Child_LowPriority_RunsAtNice10()
    {
        await using var child = Start("nice", lowPriority: true);

        Assert.Equal("10\n", await ReadAllAsync(child));
    }

    [Fact]
    public async Task Stop_ChildThatReadsItsInput_EndsByTheEndOfIt()
    {
        await using var child = Start("cat >/dev/null; exit 7");

        Assert.Equal(7, await child.StopAsync(new(Eventually.DefaultTimeout, TimeSpan.Zero, TimeSpan.Zero)));
    }

    [Fact]
    public async Task Stop_ChildThatHeedsTerminate_EndsByIt()
    {
        await using var child = Start("trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done");
        Assert.Equal((byte)'r', child.Output.ReadByte());

        Assert.Equal(9, await child.StopAsync(new(TimeSpan.FromMilliseconds(50), Eventually.DefaultTimeout, TimeSpan.Zero)));
    }

    [Fact]
    public async Task Stop_ChildThatHeedsNothing_IsKilledWithItsChildren()
    {
        await using var child = Start("trap '' TERM; sleep 1000 & echo $!; while :; do sleep 1000; done");
        using var output = new StreamReader(child.Output, Encoding.ASCII, leaveOpen: true);
        var grandchild = int.Parse((await output.ReadLineAsync(TestContext.Current.CancellationToken))!);

        Assert.Equal(128 + 9, await child.StopAsync(new(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(50), Eventually.DefaultTimeout)));

        await Eventually.TrueAsync(() => !IsRunning(child.Id) && !IsRunning(grandchild));
    }

    [Fact]
    public void Start_NotAProgram_SaysSoAndLeavesNothing()
    {
        File.WriteAllText(_directory.File("broken"), "\u007fELF but not really");
        File.SetUnixFileMode(_directory.File("broken"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var before = Children();

        var started = ChildProcess.TryStart(
            new() { Program = _directory.File("broken"), Arguments = [], Directory = _directory.Path }, TimeProvider.System, out var child, out var problem);

        Assert.False(started);
        Assert.Null(child);
        Assert.Contains("broken could not be started", problem, StringComparison.Ordinal);
        Assert.Empty(Children().Except(before));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no-such-program-anywhere")]
    [InlineData("/etc/passwd")]
    [InlineData("/no/such/file")]
    public void Find_NoProgram_IsNull(string name) => Assert.Null(ExecutablePath.Find(name));

    [Fact]
    public void BoundedTail_ControlCharacters_AreNotPassedOn()
    {
        var tail = new BoundedTail(64);
        tail.Append("\u001b[31mred\r\nnext\0"u8);

        Assert.Equal("[31mred \nnext", tail.ToString());
    }

    private ChildProcess Start(string script, string[]? arguments = null, bool lowPriority = false)
    {
        Assert.True(
            ChildProcess.TryStart(
                new() { Program = "/bin/sh", Arguments = ["-c", script, "sh", .. arguments ?? []], Directory = _directory.Path, LowPriority = lowPriority },
                TimeProvider.System, out var child, out var problem),
            problem);
        return child!;
    }

    private static async Task<string> ReadAllAsync(ChildProcess child)
    {
        using var reader = new StreamReader(child.Output, Encoding.UTF8, leaveOpen: true);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.DefaultTimeout);
    }

    // A killed child that nobody has reaped yet is not running.
    private static bool IsRunning(int id) => File.Exists($"/proc/{id}/stat") && !File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal);

    // A child belongs to the thread that started it.
    private static HashSet<string> Children() =>
        [.. Directory.EnumerateDirectories($"/proc/{Environment.ProcessId}/task").SelectMany(thread => ReadOrEmpty(thread + "/children").Split(' '))];

    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
