using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kd.EndToEnd.Tests.Hosting;
using Kd.Tests;

namespace Kd.EndToEnd.Tests.Runs;

[Collection(nameof(OneAppHost))]
public sealed partial class LabelingTests
{
    // All views of 24 x (50 x 4 + 2 x 2) samples take several seconds; meanwhile the host is killed, and its cache with it.
    [Fact]
    public async Task Label_HostKilled_GoesOnWithWhatWasStoredAndTrainingComputesNothing()
    {
        using var folder = TestFiles.CreateFolder();
        string[] arguments =
        [
            .. AppHostProcess.Small.Where(argument => !argument.StartsWith("--Views", StringComparison.Ordinal)),
            "--Views:PerSample=50",
            // A look-up that takes longer than half a pass counts as a miss: longer passes, so that a busy machine is no slow cache.
            "--Batching:MaxBatch=256",
            $"--Run:Folder={folder.Path}",
        ];
        using (var host = AppHostProcess.Start([.. arguments, "--Run:Task=label"]))
        {
            await host.UntilAsync(status => status.GetProperty("progress").GetString()?.StartsWith("label [#", StringComparison.Ordinal) == true);
            var processes = host.Processes();
            string[] services = ["Kd.Cache", "Kd.TeacherService", "Kd.CurriculumAgent", "Kd.StudentTrainer", "Aspire.Dashboard"];
            Assert.All(services, service => Assert.Contains(processes.Values, command => command.Contains(service, StringComparison.Ordinal)));
            host.Kill();
            Assert.Empty(await AppHostProcess.WaitUntilGoneAsync(processes, TimeSpan.FromSeconds(15)));
        }

        var (exitCode, output) = await AppHostProcess.RunAsync([.. arguments, "--Run:Task=label"]);
        Assert.True(exitCode == 0, output);
        var counts = LabeledViews().Match(output);
        Assert.True(counts.Success, output);
        Assert.InRange(
            int.Parse(counts.Groups[2].Value, CultureInfo.InvariantCulture),
            200,
            int.Parse(counts.Groups[1].Value, CultureInfo.InvariantCulture) - 200
        );

        (exitCode, output) = await AppHostProcess.RunAsync([.. arguments, "--Run:Study=false", "--Distillation:Method=kd", "--Run:Id=run"]);
        Assert.True(exitCode == 0, output);
        var epochs = File.ReadLines(folder.File("run/metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.Equal(2, epochs.Count);
        Assert.All(epochs, epoch => Assert.Equal((96, 0), (epoch.GetProperty("cacheHits").GetInt32(), epoch.GetProperty("teacherComputed").GetInt32())));
    }

    [Fact]
    public async Task Run_FromLabelShards_StartsNeitherTeacherNorCacheAndGivesTheSameWeights()
    {
        using var folder = TestFiles.CreateFolder();
        string[] arguments = [.. AppHostProcess.Small, $"--Run:Folder={folder.Path}", "--Run:Study=false", "--Distillation:Method=kd"];
        var (exitCode, output) = await AppHostProcess.RunAsync([.. arguments, "--Run:Id=teacher"]);
        Assert.True(exitCode == 0, output);
        (exitCode, output) = await AppHostProcess.RunAsync([.. arguments, "--Run:Task=label", $"--Labels:Write={folder.File("labels")}"]);
        Assert.True(exitCode == 0, output);
        Directory.Delete(folder.File("cache"), recursive: true);

        using var host = AppHostProcess.Start([.. arguments, "--Run:Id=shards", $"--Labels:Path={folder.File("labels")}"]);
        await host.WaitForAsync("no teacher is called");
        var processes = host.Processes().Values;

        Assert.True(await host.WaitAsync() == 0, host.Output);
        Assert.Contains(processes, command => command.Contains("Kd.StudentTrainer", StringComparison.Ordinal));
        string[] absent = ["Kd.TeacherService", "Kd.Cache"];
        Assert.All(absent, service => Assert.DoesNotContain(processes, command => command.Contains(service, StringComparison.Ordinal)));
        Assert.False(Directory.Exists(folder.File("cache")));
        Assert.Equal(File.ReadAllBytes(folder.File("teacher/last.safetensors")), File.ReadAllBytes(folder.File("shards/last.safetensors")));
    }

    [GeneratedRegex("labeled ([0-9]+) views: [0-9]+ computed now, ([0-9]+) already stored")]
    private static partial Regex LabeledViews();
}
