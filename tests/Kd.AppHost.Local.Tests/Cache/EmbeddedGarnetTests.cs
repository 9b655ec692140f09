using Aspire.Hosting.Cache;
using Aspire.Hosting.Running;
using Kd.Tests;
using StackExchange.Redis;

namespace Kd.AppHost.Local.Tests.Cache;

public sealed class EmbeddedGarnetTests
{
    [Fact]
    public async Task Start_WithItsConnectionString_StoresValues()
    {
        using var cache = EmbeddedGarnet.Start(PortAllocator.Take(1)[0], null, _ => { });
        await using var redis = await ConnectionMultiplexer.ConnectAsync(cache.ConnectionString);
        await redis.GetDatabase().StringSetAsync("key", "value");
        Assert.Equal("value", await redis.GetDatabase().StringGetAsync("key"));
    }

    [Fact]
    public async Task Start_WithoutThePassword_IsRefused()
    {
        using var cache = EmbeddedGarnet.Start(PortAllocator.Take(1)[0], null, _ => { });
        var open = cache.ConnectionString.Split(',')[0];
        await Assert.ThrowsAnyAsync<RedisException>(async () =>
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync($"{open},connectTimeout=1000");
            await redis.GetDatabase().StringSetAsync("key", "value");
        });
    }

    // The end of the process is tested from outside (PrelabelTests); here nothing is flushed at the end either.
    [Fact]
    public async Task Start_OnAUsedFolder_HasWhatWasStored()
    {
        using var folder = TestFiles.CreateFolder();
        using (var cache = EmbeddedGarnet.Start(PortAllocator.Take(1)[0], folder.File("cache"), Fail))
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync(cache.ConnectionString);
            for (var i = 0; i < 1000; i++)
                await redis.GetDatabase().StringSetAsync($"key{i}", new byte[200]);
            Assert.True(cache.IsPersistent);
            await Task.Delay(1000, TestContext.Current.CancellationToken);
        }

        using var again = EmbeddedGarnet.Start(PortAllocator.Take(1)[0], folder.File("cache"), Fail);
        await using var other = await ConnectionMultiplexer.ConnectAsync(again.ConnectionString);
        Assert.Equal(1000, (long)await other.GetDatabase().ExecuteAsync("DBSIZE"));
        Assert.Equal(200, (await other.GetDatabase().StringGetAsync("key999")).Length());
    }

    [Fact]
    public async Task Start_FolderInUse_SaysSoAndGoesOnInMemory()
    {
        using var folder = TestFiles.CreateFolder();
        using var first = EmbeddedGarnet.Start(PortAllocator.Take(1)[0], folder.Path, Fail);
        var notes = new List<string>();

        using var second = EmbeddedGarnet.Start(PortAllocator.Take(1)[0], folder.Path, notes.Add);

        Assert.False(second.IsPersistent);
        Assert.Contains(folder.Path, Assert.Single(notes));
        await using var redis = await ConnectionMultiplexer.ConnectAsync(second.ConnectionString);
        Assert.True(await redis.GetDatabase().StringSetAsync("key", "value"));
    }

    private static void Fail(string note) => Assert.Fail(note);
}
