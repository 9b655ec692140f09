using Aspire.Hosting.Cache;
using Aspire.Hosting.Running;
using StackExchange.Redis;

namespace Kd.AppHost.Local.Tests.Cache;

public sealed class EmbeddedGarnetTests
{
    [Fact]
    public async Task Start_WithItsConnectionString_StoresValues()
    {
        using var cache = EmbeddedGarnet.Start(PortAllocator.Take(1)[0]);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(cache.ConnectionString);
        await redis.GetDatabase().StringSetAsync("key", "value");
        Assert.Equal("value", await redis.GetDatabase().StringGetAsync("key"));
    }

    [Fact]
    public async Task Start_WithoutThePassword_IsRefused()
    {
        using var cache = EmbeddedGarnet.Start(PortAllocator.Take(1)[0]);
        var open = cache.ConnectionString.Split(',')[0];
        await Assert.ThrowsAnyAsync<RedisException>(async () =>
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync($"{open},connectTimeout=1000");
            await redis.GetDatabase().StringSetAsync("key", "value");
        });
    }
}
