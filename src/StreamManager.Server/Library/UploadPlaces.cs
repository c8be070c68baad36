namespace StreamManager.Server.Library;

/// <summary>The places of uploads that send at the same time, in whatever manner: <see cref="MediaLimits.MostUploads"/>. Thread-safe.</summary>
internal sealed class UploadPlaces
{
    private int _taken;

    /// <summary>Takes a place until the result is disposed; null: none is free.</summary>
    public IDisposable? TryTake()
    {
        if (Interlocked.Increment(ref _taken) <= MediaLimits.MostUploads)
            return new Place(this);
        Interlocked.Decrement(ref _taken);
        return null;
    }

    private sealed class Place(UploadPlaces places) : IDisposable
    {
        private UploadPlaces? _places = places;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _places, null) is { } taken)
                Interlocked.Decrement(ref taken._taken);
        }
    }
}
