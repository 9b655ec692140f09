using System.Text.Json;
using Kd.Tests;
using Kd.Training.Artifacts;
using Kd.Training.Studies;

namespace Kd.Training.Tests.Studies;

[Collection(nameof(OneTrainer))]
public sealed class CurriculumStudyTests
{
    private static readonly string[] s_settings =
    [
        "--Run:Study=curriculum",
        "--Run:Seeds=2",
        "--Dataset:DemoTrainPerClass=6",
        "--Dataset:DemoValidationPerClass=2",
        "--Views:PerSample=2",
        "--Student:Width=0.1",
        "--Student:Form=Standard",
        "--Training:Epochs=3",
        "--Training:BatchSize=16",
        "--Curriculum:Every=6",
        "--Curriculum:Settle=2",
        "--Curriculum:Probe=32",
        "--Run:Threads=1",
    ];

    // Two processes of one study: each run is done once, and both end with the whole table.
    [Fact]
    public async Task Execute_StartedTwice_SharesTheRuns()
    {
        using var folder = TestFiles.CreateFolder();
        using var redis = RedisServer.Start("garnet");
        await using var teacher = await TrainerRuns.StartTeacherAsync($"--ConnectionStrings:cache=127.0.0.1:{redis.Port}", "--Teacher:Threads=1");
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        string[] settings = [$"--TeacherClient:Address={teacher.Grpc}", $"--AgentClient:Address={agent.Grpc}", .. s_settings];
        using (var one = TrainerProcess.Start(folder.Path, settings, "study"))
        using (var other = TrainerProcess.Start(folder.Path, settings, "study"))
            Assert.Equal((0, 0), (await one.EndAsync(), await other.EndAsync()));

        var rows = JsonSerializer.Deserialize<List<RunResult>>(File.ReadAllText(folder.File("study/study.json")), JsonSerializerOptions.Web)!;
        var expected = new[] { 1L, 2 }.SelectMany(seed => CurriculumArms.All.Select(arm => (arm.Name, seed)));
        Assert.Equal(expected, rows.Skip(1).Select(row => (row.Method, row.Seed)));
        Assert.Equal("teacher", rows[0].Method);
        Assert.All(rows.Skip(1), row => Assert.InRange(row.Divergence!.Value, 0.01, 100));
        // Finished: a third start repeats nothing.
        var before = File.GetLastWriteTimeUtc(folder.File("study/kd/seed1/result.json"));
        using (var third = TrainerProcess.Start(folder.Path, settings, "study"))
            Assert.Equal(0, await third.EndAsync());
        Assert.Equal(before, File.GetLastWriteTimeUtc(folder.File("study/kd/seed1/result.json")));
        AssertArms(folder, rows);
    }

    private static void AssertArms(TemporaryFolder folder, List<RunResult> rows)
    {
        double Updates(string arm) => rows.Where(row => row.Method == arm).Average(row => row.Updates);
        // Three epochs of 144 samples in batches of 16.
        Assert.All(new[] { "kd", "labels", "reference" }, arm => Assert.Equal(27, Updates(arm)));
        Assert.InRange(Updates("resolution"), 30, 60);
        Assert.InRange(Updates("resolution-third"), 10, 20);
        Assert.All(new[] { "bandit", "ppo", "random-action" }, arm => Assert.InRange(Updates(arm), 18, 60));
        var (first, second) = (Metrics("bandit", 1), Metrics("bandit", 2));
        Assert.All(first.SelectMany(epoch => epoch.Decisions!), decision => Assert.True(decision is { Cost: > 0, ProbeLoss: > 0, Reward: not null }));
        Assert.NotEqual(first.Select(epoch => epoch.Loss), second.Select(epoch => epoch.Loss));
        // Two views of each sample, and the probe. Another seed has other pictures, so nothing of the cache helps; two processes may ask for a view at once.
        Assert.InRange(rows.Skip(1).Sum(row => row.TeacherComputed), 2 * 288, 2 * (288 + 32) + 100);
        var report = File.ReadAllText(folder.File("study/study.md"));
        Assert.All(new[] { "| kd |", "| random-action |", "H1,", "H2,", "H3,", "(TOST)", "of its wall time." }, text => Assert.Contains(text, report));

        IReadOnlyList<EpochMetrics> Metrics(string arm, int seed) => RunFolder.Open(folder.File($"study/{arm}/seed{seed}")).ReadMetrics();
    }
}
