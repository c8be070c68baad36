using StreamManager.Server.Hosting;
using StreamManager.Server.Security;

namespace StreamManager.Server.Tests.Security;

public sealed class AdminTokenTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Load_FirstStart_MakesAndKeepsAToken()
    {
        var first = AdminToken.Load(null, _folder.Path);
        var second = AdminToken.Load(null, _folder.Path);
        Assert.True(first.IsNew);
        Assert.False(second.IsNew);
        Assert.Equal(first.Token, second.Token);
        Assert.Equal(43, first.Token.Value.Length);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(first.File!));
    }

    [Fact]
    public void Load_Configured_KeepsNothing()
    {
        Assert.Equal("from-environment", AdminToken.Load(new Secret("from-environment"), _folder.Path).Token.Value);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void Load_EmptiedFile_IsRefused()
    {
        File.WriteAllText(_folder.File("admin.token"), "\n");
        Assert.Contains("too short", Assert.Throws<StartupException>(() => AdminToken.Load(null, _folder.Path)).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();
}
