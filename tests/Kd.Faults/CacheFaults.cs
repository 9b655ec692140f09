using Kd.Tests;
using StackExchange.Redis;

namespace Kd.Faults;

/// <summary>Disturbs the cache during a run.</summary>
[Collection(nameof(OneSystem))]
public sealed class CacheFaults
{
    private const string Views = "--Views:PerSample=2";

    [Theory(Explicit = true)]
    [InlineData("emptied")]
    [InlineData("poisoned")]
    [InlineData("read-only")]
    [InlineData("slow")]
    public async Task Cache_Disturbed_GivesTheSameWeights(string way)
    {
        using var folder = TestFiles.CreateFolder();
        using var redis = RedisServer.Start("redis-server", "--requirepass", FaultySystem.Password);
        using var system = FaultySystem.Start(folder.File("disturbed"), redis, Views);
        await system.WaitForStepsAsync();
        await using var connection = await ConnectionMultiplexer.ConnectAsync(system.CacheConnection + ",allowAdmin=true");
        for (var round = 0; !system.HasEnded; round++)
        {
            await DisturbAsync(connection.GetServers()[0], connection.GetDatabase(), way, round);
            await Task.Delay(300, TestContext.Current.CancellationToken);
        }

        using var quiet = FaultySystem.Start(folder.File("quiet"), Views);
        await quiet.WaitForEndAsync();
        Assert.Equal(quiet.Result(), system.Result());
    }

    private static async Task DisturbAsync(IServer server, IDatabase database, string way, int round)
    {
        switch (way)
        {
            case "emptied":
                await server.FlushDatabaseAsync();
                break;
            case "poisoned":
                await foreach (var key in server.KeysAsync(pattern: "kd:v1:*"))
                    await database.StringSetAsync(key, new byte[57]);
                break;
            case "read-only":
                // Writes need a replica, and there is none.
                await server.ConfigSetAsync("min-replicas-to-write", round % 2 == 0 ? 1 : 0);
                break;
            default:
                await server.ExecuteAsync("CLIENT", "PAUSE", 250);
                break;
        }
    }
}
