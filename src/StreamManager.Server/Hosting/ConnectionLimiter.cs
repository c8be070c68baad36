using StreamManager.Rtmp.Server;

namespace StreamManager.Server.Hosting;

/// <summary>Bounds how many connections there are at once, in total and per address: of IPv6 per /64, which is what one customer gets. Thread-safe.</summary>
internal sealed class ConnectionLimiter(int maximum, int maximumPerAddress)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _perAddress = new(StringComparer.Ordinal);
    private int _total;

    /// <summary>Connections now.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _total;
        }
    }

    /// <summary>Takes a place. False: there is none; close the connection.</summary>
    public bool TryEnter(string address)
    {
        var key = RefusalThrottle.AddressKey(address);
        lock (_lock)
        {
            var here = _perAddress.GetValueOrDefault(key);
            if (_total >= maximum || here >= maximumPerAddress)
                return false;
            _total++;
            _perAddress[key] = here + 1;
            return true;
        }
    }

    /// <summary>Gives a place back. Only after <see cref="TryEnter"/> said true.</summary>
    public void Leave(string address)
    {
        var key = RefusalThrottle.AddressKey(address);
        lock (_lock)
        {
            _total--;
            var here = _perAddress[key] - 1;
            if (here == 0)
                _perAddress.Remove(key);
            else
                _perAddress[key] = here;
        }
    }
}
