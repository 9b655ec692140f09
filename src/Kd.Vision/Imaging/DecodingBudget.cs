namespace Kd.Vision.Imaging;

/// <summary>Limits the pixels of the pictures that are decoded at once. One picture is always let in; small ones hardly ever wait.</summary>
/// <param name="pixels">The limit.</param>
internal sealed class DecodingBudget(long pixels)
{
    // Of a large photo, for each core; two of the largest pictures by default.
    private const long PixelsPerCore = 25_000_000;
    private readonly object _gate = new();
    private long _used;

    /// <summary>The limit of this process.</summary>
    public static DecodingBudget Shared { get; } = new(Math.Max(2 * ImageDecoder.DefaultLargestArea, PixelsPerCore * Environment.ProcessorCount));

    /// <summary>Waits until a picture fits.</summary>
    /// <param name="area">Its pixels.</param>
    /// <returns>To be disposed when it is decoded.</returns>
    public Share Take(long area)
    {
        lock (_gate)
        {
            while (_used > 0 && _used + area > pixels)
                Monitor.Wait(_gate);
            _used += area;
        }

        return new Share(this, area);
    }

    private void Return(long area)
    {
        lock (_gate)
        {
            _used -= area;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>The share of one picture.</summary>
    public readonly struct Share(DecodingBudget budget, long area) : IDisposable
    {
        public void Dispose() => budget.Return(area);
    }
}
