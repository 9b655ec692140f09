using Aspire.Hosting.ApplicationModel;
using Kd.Tests;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Kd.EndToEnd.Tests.Hosting;

/// <summary>Tests the real AppHost with real services in Aspire's testing host.</summary>
[Collection(nameof(OneAppHost))]
public sealed class ApplicationTests
{
    [Fact]
    public async Task Commands_DuringARun_SteerItAndExplainRefusals()
    {
        await using var application = await RunningApplication.StartAsync("--Run:Study=false", "--Distillation:Method=kd-curriculum", "--Training:Epochs=1000");
        foreach (var service in new[] { "cache", "teacher", "agent" })
        {
            var healthy = await application.WaitForAsync(service, change => change.Snapshot.HealthStatus == HealthStatus.Healthy);
            Assert.Equal("Project", healthy.Snapshot.ResourceType);
            // Its program, not dotnet run.
            var path = healthy.Snapshot.Properties.Single(property => property.Name == "executable.path").Value;
            Assert.StartsWith("Kd.", Path.GetFileName(Assert.IsType<string>(path)));
        }

        // The host polls once a second, so that it does not show each of these short epochs.
        await application.WaitForTrainerAsync("epoch ");
        Assert.Contains("pause", await application.EnabledCommandsAsync());

        Assert.True((await application.ExecuteAsync("pause")).Success);
        var paused = await application.WaitForTrainerAsync("paused, epoch ");
        Assert.Equal(KnownResourceStateStyles.Warn, paused.Snapshot.State?.Style);
        Assert.Contains("resume", await application.EnabledCommandsAsync());
        Assert.DoesNotContain("pause", await application.EnabledCommandsAsync());

        // The host checks the syntax, the trainer the values.
        Assert.Contains(
            "Give a temperature, a threshold or both.",
            RunningApplication.Explanation(await application.ExecuteAsync("set-by-hand", ("epochs", "2")))
        );
        Assert.Contains("temperature must be 1 to 20.", (await application.ExecuteAsync("set-by-hand", ("temperature", "30"))).Message);
        Assert.True((await application.ExecuteAsync("set-by-hand", ("temperature", "6"), ("epochs", "900"))).Success);
        Assert.Equal(6, (await application.GetAsync("api/run")).GetProperty("manual").GetProperty("temperature").GetDouble());
        Assert.True((await application.ExecuteAsync("back-to-policy")).Success);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, (await application.GetAsync("api/run")).GetProperty("manual").ValueKind);

        Assert.Contains(
            "'Training:Epochs' is not a setting",
            RunningApplication.Explanation(await application.ExecuteAsync("new-run", ("settings", "Training:Epochs")))
        );
        Assert.Contains("Training:Epochs is '0'", (await application.ExecuteAsync("new-run", ("epochs", "0"))).Message);
        Assert.True((await application.ExecuteAsync("new-run", ("method", "labels"), ("epochs", "2"), ("settings", "Run:Id=next"))).Success);
        Assert.True((await application.ExecuteAsync("prelabel")).Success);

        Assert.True((await application.ExecuteAsync("resume")).Success);
        Assert.True((await application.ExecuteAsync("stop-after-epoch")).Success);
        await application.UntilAsync("api/runs/waiting", waiting => waiting.GetArrayLength() == 0);
        await application.WaitForTrainerAsync("finished");
        Assert.True(File.Exists(Path.Combine(application.Folder, "next", "student.safetensors")));
        Assert.Contains("No run is in progress", (await application.ExecuteAsync("pause")).Message);
    }

    [Fact]
    public async Task Teacher_FourReplicasWithRedisAsTheirCache_AllServeAndAreToldApart()
    {
        using var redis = RedisServer.Start("redis-server", "--requirepass", "secret");
        await using var application = await RunningApplication.StartAsync(
            $"--ConnectionStrings:cache=127.0.0.1:{redis.Port},password=secret",
            "--Teacher:Replicas=4",
            "--Run:Study=false",
            "--Training:Epochs=20",
            "--Views:PerSample=4"
        );
        await application.WaitForTrainerAsync("finished");
        var replicas = (await application.GetAsync("api/run/replicas")).EnumerateArray().ToList();
        Assert.Equal(4, replicas.Count);
        Assert.All(
            replicas,
            replica =>
            {
                Assert.StartsWith("teacher-", replica.GetProperty("name").GetString());
                Assert.True(replica.GetProperty("computed").GetInt64() > 0, $"{replica} computed nothing");
            }
        );
        await using var connection = await StackExchange.Redis.ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{redis.Port},password=secret");
        // Each view is used in five epochs. Replicas that share their cache compute it once, and again only where a busy machine makes the cache too slow; each
        // for itself, they would compute three times as many.
        var stored = (long)await connection.GetDatabase().ExecuteAsync("DBSIZE");
        Assert.InRange(replicas.Sum(replica => replica.GetProperty("computed").GetInt64()), stored, 1.5 * stored);
    }
}
