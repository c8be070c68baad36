using System.Net;
using Microsoft.Playwright;
using StreamManager.EndToEnd.Tests.Support;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>A server that serves the dashboard and has an owner, and what she does first.</summary>
internal static class DashboardServer
{
    /// <summary>Name of the owner.</summary>
    public const string Owner = "anna";

    /// <summary>Her password.</summary>
    public const string Password = "a long phrase of hers";

    /// <summary>Starts one that returns to a source soon, so that tests are short.</summary>
    /// <param name="config">More of <c>config.yml</c>.</param>
    public static async Task<ServerProcess> StartAsync(string config = "")
    {
        var server = await ServerProcess.StartAsync(new ServerSettings
        {
            Config = $"return_after: 0.5\n{config}",
            Environment = new Dictionary<string, string?>(StringComparer.Ordinal) { ["DASHBOARD_DIR"] = Browser.Built },
        });
        var made = await server.Api.PostAsync("/api/users", new { name = Owner, password = Password, role = "owner" });
        Assert.True(made.Status is HttpStatusCode.Created, made.Text);
        return server;
    }

    /// <summary>Fills in the login that the page shows, or that stands over it, and sends it.</summary>
    public static async Task LogInAsync(IPage page, string password = Password)
    {
        var send = page.GetByRole(AriaRole.Button, new() { Name = "Log in" });
        var form = page.Locator("form", new() { Has = send });
        await form.GetByLabel("Name").FillAsync(Owner);
        await form.GetByLabel("Password").FillAsync(password);
        await send.ClickAsync();
    }

    /// <summary>A window of hers with a page behind the login. Its context is the caller's to dispose.</summary>
    public static async Task<IPage> OpenAsync(this Browser browser, ServerProcess server, List<string> problems, string path, int width = 1280, int height = 800)
    {
        var page = await browser.OpenAsync(server.ApiPort, problems, width, height);
        await page.GotoAsync(path);
        await LogInAsync(page);
        return page;
    }
}
