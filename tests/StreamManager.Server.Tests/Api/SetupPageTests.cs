using System.Net;
using System.Text.RegularExpressions;

namespace StreamManager.Server.Tests.Api;

public sealed partial class SetupPageTests
{
    [Fact]
    public async Task Page_WithoutAToken_IsServedWithItsFilesAndAStrictPolicy()
    {
        await using var server = await RunningServer.StartAsync();
        using var response = await server.Client.GetAsync(new Uri("/setup", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("default-src 'none'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        var page = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var files = Links().Matches(page).Select(match => match.Groups[1].Value).ToArray();
        Assert.Equal(["setup.css", "setup.js"], files);
        foreach (var file in files)
            Assert.Equal(HttpStatusCode.OK, (await server.SendAsync(HttpMethod.Get, "/" + file, token: null)).Status);

        // The policy lets no script or style in the page itself run.
        Assert.DoesNotMatch("<script>|<style>| style=| on[a-z]+=", page);
    }

    [GeneratedRegex("(?:href|src)=\"(setup\\.\\w+)\"")]
    private static partial Regex Links();
}
