using System.Globalization;

namespace Kd.Benchmarks.Tests;

public sealed class SmokeTests(SmokeRun run) : IClassFixture<SmokeRun>
{
    /// <summary>All names, from the program itself.</summary>
    public static async Task<IEnumerable<TheoryDataRow<string>>> NamesAsync()
    {
        var (exitCode, output, errors) = await BenchmarkProcess.RunAsync("--list");
        Assert.True(exitCode == 0, errors);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(name => new TheoryDataRow<string>(name));
    }

    // A figure of so small a run means nothing, so none is judged.
    [Theory]
    [MemberData(nameof(NamesAsync), DisableDiscoveryEnumeration = true)]
    public void Smoke_EachBenchmark_PrintsItsRatioOrWhyItWasSkipped(string name)
    {
        var skipped = $"SKIPPED {name}: ";
        if (run.Lines.FirstOrDefault(line => line.StartsWith(skipped, StringComparison.Ordinal)) is { } reason)
            Assert.Skip(reason[skipped.Length..]);

        var ratio = run.Lines.FirstOrDefault(line => line.StartsWith($"RATIO {name} ", StringComparison.Ordinal));

        Assert.True(ratio is not null, $"{name} printed no ratio. The run:\n{run.Problem}");
        var parts = ratio.Split(' ');
        Assert.Equal(4, parts.Length);
        Assert.All(parts.Skip(2), number => Assert.InRange(double.Parse(number, CultureInfo.InvariantCulture), double.Epsilon, double.MaxValue));
    }

    [Fact]
    public async Task Run_NameThatIsNone_EndsWithAllNames()
    {
        var (exitCode, _, errors) = await BenchmarkProcess.RunAsync("--smoke", "nothing");

        Assert.Equal(2, exitCode);
        Assert.Contains("'nothing' is not a benchmark", errors);
        Assert.All(await NamesAsync(), row => Assert.Contains(row.Data, errors));
    }
}
