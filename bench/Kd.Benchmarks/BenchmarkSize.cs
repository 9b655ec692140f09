namespace Kd.Benchmarks;

/// <summary>Amount of work of a benchmark.</summary>
internal enum BenchmarkSize
{
    /// <summary>Enough for a publishable figure.</summary>
    Full,

    /// <summary>Enough for a rough figure.</summary>
    Quick,

    /// <summary>Just enough to run all of the code; the figure is meaningless.</summary>
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
