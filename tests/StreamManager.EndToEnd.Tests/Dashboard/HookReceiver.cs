using System.Collections.Concurrent;
using System.Net;
using StreamManager.TestKit;

namespace StreamManager.EndToEnd.Tests.Dashboard;

/// <summary>Somebody's program that a webhook tells things: takes everything and keeps what came.</summary>
internal sealed class HookReceiver : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<string> _bodies = new();
    private readonly Task _task;

    public HookReceiver()
    {
        Url = $"http://127.0.0.1:{FreePort.Next()}/hook/";
        _listener.Prefixes.Add(Url);
        _listener.Start();
        _task = RunAsync();
    }

    /// <summary>Where to send.</summary>
    public string Url { get; }

    /// <summary>What came, in order.</summary>
    public IReadOnlyCollection<string> Bodies => _bodies;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _task;
        _listener.Close();
    }

    private async Task RunAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            using var reader = new StreamReader(context.Request.InputStream);
            _bodies.Enqueue(await reader.ReadToEndAsync());
            context.Response.StatusCode = (int)HttpStatusCode.NoContent;
            context.Response.Close();
        }
    }
}
