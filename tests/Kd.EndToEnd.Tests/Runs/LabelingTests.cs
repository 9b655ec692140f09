using System.Globalization;
using System.Text.RegularExpressions;
using Kd.EndToEnd.Tests.Hosting;
using Kd.Tests;

namespace Kd.EndToEnd.Tests.Runs;

[Collection(nameof(OneAppHost))]
public sealed partial class LabelingTests
{
    // All views of 24 x (100 x 4 + 2 x 2) samples take several seconds; the host, and its cache with it, is killed on the way.
    [Fact]
    public async Task Label_HostKilled_GoesOnWithWhatWasStoredAndTrainingComputesNothing()
    {
        using var folder = TestFiles.CreateFolder();
        string[] arguments = [.. AppHostProcess.Small.Where(argument => !argument.StartsWith("--Views", StringComparison.Ordinal)), "--Views:PerSample=100", $"--Run:Folder={folder.Path}"];
        using (var host = AppHostProcess.Start([.. arguments, "--Run:Task=label"]))
        {
            await host.UntilAsync(status => status.GetProperty("progress").GetString()?.StartsWith("label [#", StringComparison.Ordinal) == true);
            var processes = host.Processes();
            host.Kill();
            Assert.Empty(await AppHostProcess.WaitUntilGoneAsync(processes, TimeSpan.FromSeconds(15)));
        }

        var (exitCode, output) = await AppHostProcess.RunAsync([.. arguments, "--Run:Task=label"]);
        var (trained, trainOutput) = await AppHostProcess.RunAsync([.. arguments, "--Run:Study=false", "--Distillation:Method=kd", "--Run:Id=run"]);

        Assert.True(exitCode == 0, output);
        var counts = Labelled().Match(output);
        Assert.True(counts.Success, output);
        Assert.InRange(int.Parse(counts.Groups[2].Value, CultureInfo.InvariantCulture), 200, int.Parse(counts.Groups[1].Value, CultureInfo.InvariantCulture) - 200);
        Assert.True(trained == 0, trainOutput);
        Assert.Contains("cache hits 100%", trainOutput);
        Assert.DoesNotContain("cache hits 9", trainOutput);
    }

    [GeneratedRegex("labelled ([0-9]+) views: [0-9]+ computed now, ([0-9]+) were there")]
    private static partial Regex Labelled();
}
