using StreamManager.Engine.Channels;
using StreamManager.Engine.Programs;
using StreamManager.Media.Timing;

namespace StreamManager.Engine.Tests.Programs;

public sealed class SwitcherTests
{
    private static readonly MediaTime Now = MediaTime.FromSeconds(100);

    // Letters: m and b are main and backup; upper case is good for long enough, lower case good for too short a time, - is not good.
    [Theory]
    [InlineData("auto", null, "--", null)]
    [InlineData("auto", null, "M-", "main")]
    [InlineData("auto", null, "m-", null)]
    [InlineData("auto", "main", "m-", "main")]
    [InlineData("auto", null, "mB", "backup")]
    [InlineData("auto", "backup", "mB", "backup")]
    [InlineData("auto", "backup", "MB", "main")]
    [InlineData("auto", "main", "-B", "backup")]
    [InlineData("auto", "main", "-b", null)]
    [InlineData("fallback", "main", "MB", null)]
    [InlineData("backup", "main", "MB", "backup")]
    [InlineData("backup", "main", "Mb", "backup")]
    [InlineData("backup", "main", "M-", null)]
    [InlineData("backup", null, "Mb", null)]
    [InlineData("backup", null, "MB", "backup")]
    [InlineData("gone", "main", "MB", null)]
    public void Desired_Case_IsAsTheTableSays(string selection, string? active, string sources, string? expected)
    {
        var choice = selection switch
        {
            "auto" => SourceSelection.Auto,
            "fallback" => SourceSelection.Fallback,
            _ => SourceSelection.Source(selection),
        };
        var input = new SwitcherInput(choice, active, [Health("main", sources[0]), Health("backup", sources[1])], MediaTime.FromSeconds(2));
        Assert.Equal(expected, Switcher.Desired(input, Now));
    }

    private static SourceHealth Health(string id, char letter) => new(id, letter != '-', char.IsUpper(letter) ? Now - MediaTime.FromSeconds(2) : Now - MediaTime.FromSeconds(1.9));
}
