namespace Kd.Benchmarks.Tests;

/// <summary>Runs each fuzz target for a moment; bench/Kd.Fuzz runs them for hours.</summary>
public sealed class FuzzTests
{
    [Fact]
    public async Task Run_EachTargetForASecond_FindsNothing()
    {
        var (_, names, _) = await BenchmarkProcess.RunProgramAsync("Kd.Fuzz", "--list");
        var (exitCode, output, errors) = await BenchmarkProcess.RunProgramAsync("Kd.Fuzz", "--seconds=1");

        Assert.True(exitCode == 0, output + errors);
        foreach (var name in names.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var line = output.Split('\n').FirstOrDefault(line => line.StartsWith($"FUZZ {name} 0 findings, ", StringComparison.Ordinal));
            Assert.True(line is not null, $"{name} has no result. The output:\n{output}");
            // The instrumentation works: branches were seen.
            Assert.DoesNotContain(" 0 branches", line);
        }
    }

    [Fact]
    public async Task Run_NameThatIsNone_EndsWithAllNames()
    {
        var (exitCode, _, errors) = await BenchmarkProcess.RunProgramAsync("Kd.Fuzz", "nothing");

        Assert.Equal(2, exitCode);
        Assert.Contains("'nothing' is not a target", errors);
    }
}
