namespace Kd.Benchmarks.Tests;

/// <summary>One smoke run of all benchmarks, one after another in one process.</summary>
public sealed class SmokeRun : IAsyncLifetime
{
    private const int ErrorLength = 4000;
    private string _problem = "";

    /// <summary>What it printed.</summary>
    public IReadOnlyList<string> Lines { get; private set; } = [];

    /// <summary>How it ended, for the message of a test that misses a line.</summary>
    public string Problem => $"{string.Join('\n', Lines)}\n{_problem}";

    public async ValueTask InitializeAsync()
    {
        var (exitCode, output, errors) = await BenchmarkProcess.RunAsync("--smoke");
        (Lines, _problem) = (output.Split('\n'), $"exit code {exitCode}; the end of the error output:\n{errors[Math.Max(0, errors.Length - ErrorLength)..]}");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
