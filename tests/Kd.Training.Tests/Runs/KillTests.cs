using System.Diagnostics;
using System.Text.Json;
using Kd.Core.Randomness;
using Kd.Tests;
using StackExchange.Redis;

namespace Kd.Training.Tests.Runs;

/// <summary>Real trainer processes that are killed.</summary>
[Collection(nameof(OneTrainer))]
public sealed class KillTests
{
    private static readonly string[] s_settings =
    [
        "--Dataset:DemoTrainPerClass=8",
        "--Dataset:DemoValidationPerClass=2",
        "--Views:PerSample=3",
        "--Student:Width=0.1",
        "--Student:Form=Standard",
        "--Training:Epochs=20",
        "--Training:BatchSize=16",
        "--Distillation:Method=kd-curriculum",
        "--Run:CheckpointEvery=00:00:00.02",
        "--Run:Threads=1",
    ];

    private static readonly string[] s_measured =
    [
        "epoch",
        "loss",
        "validationAccuracy",
        "samples",
        "temperature",
        "threshold",
        "difficulty",
        "refreshed",
        "reward",
        "size",
        "decisions",
    ];

    private static readonly string[] s_perEpoch =
    [
        "--Curriculum:Preset=reference",
        "--Curriculum:Resolutions=0.5:0.5,0.75:0.8",
        "--Distillation:Recipe=reference",
        "--Training:AverageDecay=0.9",
    ];

    // A budget, and a decision of the agent about the size after every five updates.
    private static readonly string[] s_perWindow =
    [
        "--Curriculum:Policy=bandit",
        "--Curriculum:Every=5",
        "--Curriculum:Settle=1",
        "--Curriculum:Sizes=0.5,0.75,1",
        "--Curriculum:Probe=32",
    ];

    [Theory]
    [InlineData(20, false)]
    [InlineData(8, true)]
    public async Task Run_KilledTeacherRestartedRedisEmptied_GivesTheSameBits(int kills, bool perWindow)
    {
        var curriculum = perWindow ? s_perWindow : s_perEpoch;
        using var folder = TestFiles.CreateFolder();
        using var redis = RedisServer.Start("garnet");
        await using var quietAgent = await TrainerRuns.StartAgentAsync(folder.File("quiet-agent"));
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        var teacher = await StartTeacherAsync(redis);
        int[] target = [teacher.Grpc.Port];
        using var proxy = new TcpProxy(target);
        using (var quiet = Start(folder, "quiet", quietAgent, proxy, curriculum))
            Assert.Equal(0, await WaitAsync(quiet));

        var random = new CounterRandom(2026, 11);
        for (var kill = 0; kill < kills; kill++)
        {
            using var trainer = Start(folder, "disturbed", agent, proxy, curriculum);
            // Every fourth one dies at its start, the others somewhere in their steps.
            if (kill % 4 != 3)
                await WaitForCheckpointAsync(folder.File("disturbed/run"), trainer);
            await Task.Delay(random.NextInt32(500), TestContext.Current.CancellationToken);
            Assert.False(trainer.HasExited, "the run was over before it was killed often enough");
            trainer.Kill();
            await trainer.WaitForExitAsync(TestContext.Current.CancellationToken);
            if (kill == 6)
                await EmptyAsync(redis);
            if (kill == 11)
            {
                await teacher.DisposeAsync();
                teacher = await StartTeacherAsync(redis);
                target[0] = teacher.Grpc.Port;
                proxy.Cut();
                proxy.Mend();
            }
        }

        using (var last = Start(folder, "disturbed", agent, proxy, curriculum))
            Assert.Equal(0, await WaitAsync(last));
        await teacher.DisposeAsync();

        foreach (var file in new[] { "last.safetensors", "student.safetensors" })
            Assert.Equal(File.ReadAllBytes(folder.File($"quiet/run/{file}")), File.ReadAllBytes(folder.File($"disturbed/run/{file}")));
        Assert.Equal(Epochs(folder.File("quiet/run/metrics.jsonl")), Epochs(folder.File("disturbed/run/metrics.jsonl")));
    }

    private static Task<RunningService> StartTeacherAsync(RedisServer redis) =>
        TrainerRuns.StartTeacherAsync($"--ConnectionStrings:cache=127.0.0.1:{redis.Port}", "--Teacher:Threads=1");

    private static Process Start(TemporaryFolder folder, string name, RunningService agent, TcpProxy teacher, string[] curriculum) =>
        TrainerRuns.StartProcess(
            folder.File(name),
            "run",
            [$"--TeacherClient:Address=http://127.0.0.1:{teacher.Port}", $"--AgentClient:Address={agent.Grpc}", .. s_settings, .. curriculum]
        );

    private static async Task<int> WaitAsync(Process process)
    {
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(3));
        return process.ExitCode;
    }

    // A checkpoint that this process has written.
    private static async Task WaitForCheckpointAsync(string run, Process process)
    {
        var path = Path.Combine(run, "checkpoint.safetensors");
        var before = File.Exists(path) ? File.GetLastWriteTimeUtc(path) : DateTime.MinValue;
        var waited = Stopwatch.StartNew();
        while (!process.HasExited && waited.Elapsed < TimeSpan.FromSeconds(60) && (!File.Exists(path) || File.GetLastWriteTimeUtc(path) <= before))
            await Task.Delay(10, TestContext.Current.CancellationToken);
    }

    private static async Task EmptyAsync(RedisServer redis)
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{redis.Port},allowAdmin=true");
        await connection.GetServers()[0].FlushDatabaseAsync();
    }

    private static List<string> Epochs(string metrics) =>
        [
            .. File.ReadLines(metrics)
                .Select(line =>
                {
                    var epoch = JsonDocument.Parse(line).RootElement;
                    return string.Join(' ', s_measured.Select(name => $"{name} {(epoch.TryGetProperty(name, out var value) ? value : "-")}"));
                }),
        ];
}
