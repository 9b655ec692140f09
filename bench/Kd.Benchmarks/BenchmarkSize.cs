namespace Kd.Benchmarks;

/// <summary>How much a benchmark does.</summary>
internal enum BenchmarkSize
{
    /// <summary>Enough for a figure to quote.</summary>
    Full,

    /// <summary>Enough for a rough figure.</summary>
    Quick,

    /// <summary>Only enough to run all of its code; its figure means nothing.</summary>
    Smoke,
}

internal static class BenchmarkSizeExtensions
{
    public static T Choose<T>(this BenchmarkSize size, T full, T quick, T smoke) =>
        size switch
        {
            BenchmarkSize.Full => full,
            BenchmarkSize.Quick => quick,
            _ => smoke,
        };
}
