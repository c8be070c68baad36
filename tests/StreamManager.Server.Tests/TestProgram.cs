using StreamManager.Server.Tests.Storage.Sqlite;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace StreamManager.Server.Tests;

/// <summary>The test runner; with a first argument of its own, a child that a test starts and kills.</summary>
internal static class TestProgram
{
    public static async Task<int> Main(string[] args)
    {
        if (args is [StoreWriter.Argument, var folder, var run])
            return await StoreWriter.RunAsync(folder, run);
        if (args.Any(argument => argument is "--server" or "--internal-msbuild-node"))
            return await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions);
        return await ConsoleRunner.Run(args);
    }
}
