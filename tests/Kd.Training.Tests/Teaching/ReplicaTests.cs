extern alias teacher;
using Kd.Tests;
using Microsoft.Extensions.DependencyInjection;
using PassRunner = teacher::Kd.TeacherService.Batching.PassRunner;
using ServedTeacher = teacher::Kd.TeacherService.Model.ServedTeacher;

namespace Kd.Training.Tests.Teaching;

[Collection(nameof(OneTrainer))]
public sealed class ReplicaTests
{
    [Theory]
    [InlineData("separate addresses")]
    [InlineData("proxy by turns")]
    [InlineData("proxy that prefers one")]
    public async Task Execute_ThreeReplicas_EachGetsItsShare(string way)
    {
        using var folder = TestFiles.CreateFolder();
        var replicas = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => TrainerRuns.StartTeacherAsync("--Cache:Memory=0")));
        using var proxy = new TcpProxy(
            [.. replicas.Select(replica => replica.Grpc.Port)],
            way == "proxy that prefers one" ? connection => connection % 5 < 3 ? 0 : connection % 5 - 2 : null
        );
        var address = way == "separate addresses" ? string.Join(';', replicas.Select(replica => replica.Grpc)) : $"http://127.0.0.1:{proxy.Port}";

        var exitCode = await TrainerRuns.RunAsync(
            folder.Path,
            "run",
            "--Distillation:Method=kd",
            "--Views:PerSample=0",
            "--Training:Epochs=5",
            "--Training:BatchSize=16",
            $"--TeacherClient:Address={address}"
        );

        Assert.Equal(0, exitCode);
        var shares = replicas.Select(Computed).ToArray();
        Assert.Equal(5 * 24 * 6, shares.Sum());
        Assert.All(shares, share => Assert.InRange(share, 0.8 * shares.Average(), 1.2 * shares.Average()));
        foreach (var replica in replicas)
            await replica.DisposeAsync();
    }

    // Requests that are running end, new ones go to the other replica, and the run notices nothing.
    [Fact]
    public async Task Execute_ReplicaStopsInTheMiddle_GoesOnWithTheOther()
    {
        using var folder = TestFiles.CreateFolder();
        await using var staying = await TrainerRuns.StartTeacherAsync("--Cache:Memory=0");
        var leaving = await TrainerRuns.StartTeacherAsync("--Cache:Memory=0");
        var run = TrainerRuns.RunAsync(
            folder.Path,
            "run",
            "--Distillation:Method=kd",
            "--Views:PerSample=0",
            "--Training:Epochs=12",
            "--Training:BatchSize=16",
            $"--TeacherClient:Address={staying.Grpc};{leaving.Grpc}"
        );
        while (Computed(leaving) < 100 && !run.IsCompleted)
            await Task.Delay(10, TestContext.Current.CancellationToken);

        var runner = leaving.Services.GetRequiredService<PassRunner>();
        await leaving.DisposeAsync();

        Assert.False(run.IsCompleted, "the run was over before the replica stopped");
        Assert.Equal(0, await run);
        Assert.InRange(Computed(staying) + runner.Computed, 12 * 24 * 6, 12 * 24 * 6 + 3 * 16);
    }

    [Fact]
    public async Task Execute_ReplicasWithDifferentWeights_StopsAndNamesBoth()
    {
        using var folder = TestFiles.CreateFolder();
        await using var one = await TrainerRuns.StartTeacherAsync("--Teacher:Seed=1");
        await using var other = await TrainerRuns.StartTeacherAsync("--Teacher:Seed=2");

        var (exitCode, output) = await TrainerRuns.RunAsync(
            folder.Path,
            "run",
            CancellationToken.None,
            "--Distillation:Method=kd",
            $"--TeacherClient:Address={one.Grpc};{other.Grpc}"
        );

        Assert.Equal(2, exitCode);
        Assert.Contains(IdOf(one), output);
        Assert.Contains(IdOf(other), output);
        Assert.Contains("the same weights", output);
    }

    private static string IdOf(RunningService replica) => replica.Services.GetRequiredService<ServedTeacher>().Model!.Description.Id;

    private static long Computed(RunningService replica) => replica.Services.GetRequiredService<PassRunner>().Computed;
}
