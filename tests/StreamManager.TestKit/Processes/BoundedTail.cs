namespace StreamManager.TestKit.Processes;

/// <summary>The last lines that a child wrote: enough to explain a failure, and never more than that in memory.</summary>
public sealed class BoundedTail(int capacity = BoundedTail.DefaultCapacity)
{
    /// <summary>Lines kept where nothing else is said: ffmpeg's banner and stream list take about fifty.</summary>
    public const int DefaultCapacity = 120;

    private readonly Queue<string> _lines = new();

    /// <summary>Adds a line and lets the oldest go when full.</summary>
    public void Add(string line)
    {
        lock (_lines)
        {
            if (_lines.Count == capacity)
                _lines.Dequeue();
            _lines.Enqueue(line);
        }
    }

    /// <summary>The lines, oldest first.</summary>
    public override string ToString()
    {
        lock (_lines)
            return string.Join('\n', _lines);
    }
}
