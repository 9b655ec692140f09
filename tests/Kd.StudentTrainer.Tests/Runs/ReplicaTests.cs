extern alias teacher;

using Kd.Tests;
using Microsoft.Extensions.DependencyInjection;
using PassRunner = teacher::Kd.TeacherService.Batching.PassRunner;

namespace Kd.StudentTrainer.Tests.Runs;

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
        var replicas = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => TrainerRuns.StartTeacherAsync()));
        using var proxy = new TcpProxy([.. replicas.Select(replica => replica.Grpc.Port)], way == "proxy that prefers one" ? connection => connection % 5 < 3 ? 0 : connection % 5 - 2 : null);
        var address = way == "separate addresses" ? string.Join(';', replicas.Select(replica => replica.Grpc)) : $"http://127.0.0.1:{proxy.Port}";

        var exitCode = await TrainerRuns.RunAsync(
            folder.Path, "run", "--Distillation:Method=kd", "--Views:PerSample=0", "--Training:Epochs=5", "--Training:BatchSize=16", $"--TeacherClient:Address={address}");

        Assert.Equal(0, exitCode);
        var shares = replicas.Select(replica => replica.Services.GetRequiredService<PassRunner>().Computed).ToArray();
        Assert.Equal(5 * 24 * 6, shares.Sum());
        Assert.All(shares, share => Assert.InRange(share, 0.8 * shares.Average(), 1.2 * shares.Average()));
        foreach (var replica in replicas)
            await replica.DisposeAsync();
    }
}
