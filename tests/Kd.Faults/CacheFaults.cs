using Kd.Tests;
using StackExchange.Redis;

namespace Kd.Faults;

/// <summary>Empties, poisons and locks the cache during a run.</summary>
[Collection(nameof(OneSystem))]
public sealed class CacheFaults
{
    [Theory(Explicit = true)]
    [InlineData("emptied")]
    [InlineData("poisoned")]
    public async Task Cache_ChangedBySomebodyElse_GivesTheSameWeights(string way)
    {
        using var folder = TestFiles.CreateFolder();
        using var system = FaultySystem.Start(folder.Path, "--Views:PerSample=2");
        using var quietFolder = TestFiles.CreateFolder();
        await system.WaitForStepsAsync();
        await using var connection = await ConnectionMultiplexer.ConnectAsync(system.CacheConnection + ",allowAdmin=true");
        var (server, database) = (connection.GetServers()[0], connection.GetDatabase());
        while (!system.HasEnded)
        {
            await foreach (var key in server.KeysAsync(pattern: "kd:v1:*"))
            {
                if (way == "emptied")
                    await database.KeyDeleteAsync(key);
                else
                    await database.StringSetAsync(key, new byte[57]);
            }

            await Task.Delay(500, TestContext.Current.CancellationToken);
        }

        using var quiet = FaultySystem.Start(quietFolder.Path, "--Views:PerSample=2");
        await quiet.WaitForEndAsync();
        Assert.Equal(quiet.Result(), system.Result());
    }
}
