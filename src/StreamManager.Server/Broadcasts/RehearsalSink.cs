using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using StreamManager.Rtmp.Server;
using StreamManager.Rtmp.Wire;

namespace StreamManager.Server.Broadcasts;

/// <summary>What a rehearsal sink has seen since its measuring began.</summary>
/// <param name="Connections">Publishes that it granted since it was made.</param>
/// <param name="VideoFrames">Video frames.</param>
/// <param name="LargestVideoStepMs">Largest step between the timestamps of two video frames, ms.</param>
/// <param name="LargestAudioStepMs">Largest step between the timestamps of two audio frames, ms.</param>
/// <param name="StepsBack">Frames whose timestamp was not above the one before on their track.</param>
/// <param name="LongestSilence">Longest time in which nothing came.</param>
internal sealed record SinkFigures(int Connections, long VideoFrames, int LargestVideoStepMs, int LargestAudioStepMs, int StepsBack, TimeSpan LongestSilence);

/// <summary>
/// A destination inside the server for drills: an RTMP server on a port of the loopback interface that takes one stream with a key of its own, looks at its times and throws it away. Made by
/// <see cref="Start"/>, ended by disposal. Thread-safe.
/// </summary>
internal sealed class RehearsalSink : IRtmpServerHandler, IAsyncDisposable
{
    /// <summary>The output connects once; a few more, should it lose the connection.</summary>
    private const int MostConnections = 8;

    private readonly TcpListener _listener;
    private readonly RtmpServer _server;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly List<Task> _sessions = [];
    private readonly Task _accepting;
    private int _connections;
    private long _frames;
    private Steps _video;
    private Steps _audio;
    private long _lastAt;
    private TimeSpan _silence;

    private RehearsalSink(TcpListener listener, TimeProvider time, ILoggerFactory loggers)
    {
        _listener = listener;
        _time = time;
        _lastAt = time.GetTimestamp();
        _server = new RtmpServer(this, new RtmpServerOptions(), new RtmpServerLimits(), new RtmpWireLimits(), time, loggers.CreateLogger<RtmpServer>());
        _accepting = AcceptAsync();
    }

    /// <summary>The key that it takes.</summary>
    public string Key { get; } = RandomNumberGenerator.GetHexString(32, lowercase: true);

    /// <summary>Where it is.</summary>
    public string Url => $"rtmp://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/rehearsal";

    /// <summary>What it has seen since <see cref="Begin"/>.</summary>
    public SinkFigures Figures
    {
        get
        {
            lock (_gate)
            {
                var silence = _time.GetElapsedTime(_lastAt) is var now && now > _silence ? now : _silence;
                return new SinkFigures(_connections, _frames, _video.Largest, _audio.Largest, _video.Back + _audio.Back, silence);
            }
        }
    }

    /// <summary>Opens the port.</summary>
    public static RehearsalSink Start(TimeProvider time, ILoggerFactory loggers)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(MostConnections);
        return new RehearsalSink(listener, time, loggers);
    }

    /// <summary>Measures anew from here on.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _video = new Steps { Last = _video.Last };
            _audio = new Steps { Last = _audio.Last };
            (_frames, _lastAt, _silence) = (0, _time.GetTimestamp(), TimeSpan.Zero);
        }
    }

    /// <inheritdoc/>
    public ValueTask<RtmpPublishDecision> AuthorizePublishAsync(RtmpStreamRequest request, CancellationToken cancellationToken)
    {
        if (!CryptographicOperations.FixedTimeEquals(System.Text.Encoding.UTF8.GetBytes(request.StreamName), System.Text.Encoding.UTF8.GetBytes(Key)))
            return ValueTask.FromResult<RtmpPublishDecision>(new RtmpPublishDecision.Refused("NetStream.Publish.BadName", "Only a drill publishes here."));
        lock (_gate)
        {
            _connections++;
            (_video.Last, _audio.Last) = (null, null);
        }

        return ValueTask.FromResult<RtmpPublishDecision>(new RtmpPublishDecision.Granted(new Looker(this)));
    }

    /// <inheritdoc/>
    public ValueTask<RtmpPlayDecision> AuthorizePlayAsync(RtmpStreamRequest request, CancellationToken cancellationToken) =>
        ValueTask.FromResult<RtmpPlayDecision>(new RtmpPlayDecision.Refused("NetStream.Play.Failed", "Nothing is played here."));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        _server.Stop();
        await _accepting;
        await Task.WhenAll(_sessions);
        _server.Dispose();
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stopping.Token);
                if (_sessions.Count >= MostConnections)
                    socket.Dispose();
                else
                    _sessions.Add(RunAsync(socket, $"rehearsal-{_sessions.Count + 1}"));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The drill is over.
        }
    }

    private async Task RunAsync(Socket socket, string id)
    {
        await using var stream = new NetworkStream(socket, ownsSocket: true);
        await _server.RunSessionAsync(new StreamPipe(PipeReader.Create(stream), PipeWriter.Create(stream)), id, "127.0.0.1", socket.Dispose);
    }

    private void Look(RtmpMessage message)
    {
        if (message.Type is not (RtmpMessageType.Audio or RtmpMessageType.Video) || !IsFrame(message))
            return;
        lock (_gate)
        {
            ref var steps = ref (message.Type is RtmpMessageType.Video ? ref _video : ref _audio);
            steps.Add(message.Timestamp);
            _frames += message.Type is RtmpMessageType.Video ? 1 : 0;
            var now = _time.GetTimestamp();
            if (_time.GetElapsedTime(_lastAt, now) is var silence && silence > _silence)
                _silence = silence;
            _lastAt = now;
        }
    }

    // Configurations and ends of sequence have no place of their own in time. Legacy: the byte after the codec's; enhanced: the low half of the first byte (1 and 3 are frames).
    private static bool IsFrame(RtmpMessage message) => message.Body.Span switch
    {
        [var first, ..] when message.Type is RtmpMessageType.Video && (first & 0x80) != 0 => (first & 0x0F) is 1 or 3,
        [var first, var packet, ..] when message.Type is RtmpMessageType.Video => (first & 0x0F) != 7 || packet == 1,
        [var first, ..] when first >> 4 == 9 => (first & 0x0F) == 1,
        [var first, var packet, ..] => first >> 4 != 10 || packet == 1,
        _ => false,
    };

    private struct Steps
    {
        public uint? Last;
        public int Largest;
        public int Back;

        public void Add(uint timestamp)
        {
            if (Last is { } last)
            {
                // Serial arithmetic: the clock of a connection wraps after 49.7 days.
                var step = unchecked((int)(timestamp - last));
                Largest = Math.Max(Largest, step);
                Back += step <= 0 ? 1 : 0;
            }

            Last = timestamp;
        }
    }

    private sealed class Looker(RehearsalSink sink) : IRtmpPublishSink
    {
        public ValueTask WriteAsync(RtmpMessage message, CancellationToken cancellationToken)
        {
            sink.Look(message);
            return ValueTask.CompletedTask;
        }

        public ValueTask EndAsync(RtmpPublishEnd end) => ValueTask.CompletedTask;
    }

    private sealed record StreamPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
