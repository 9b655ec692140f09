using System.Net;
using Kd.Settings;
using Kd.Tests;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace Kd.Cache.Tests;

public sealed class CacheServerTests
{
    private const string Password = "a-password-that-only-tests-use";

    [Fact]
    public async Task Start_WithThePassword_StoresValuesAndIsHealthy()
    {
        await using var cache = await StartAsync();
        await using var redis = await ConnectionMultiplexer.ConnectAsync(cache.ConnectionString);
        await redis.GetDatabase().StringSetAsync("key", "value");
        Assert.Equal("value", await redis.GetDatabase().StringGetAsync("key"));
        using var http = new HttpClient();
        Assert.Equal("Healthy", await http.GetStringAsync(new Uri($"{cache.App.Urls.First()}/health"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Start_WithoutThePassword_IsRefused()
    {
        await using var cache = await StartAsync();
        var open = cache.ConnectionString.Split(',')[0];
        await Assert.ThrowsAnyAsync<RedisException>(async () =>
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync($"{open},connectTimeout=1000");
            await redis.GetDatabase().StringSetAsync("key", "value");
        });
    }

    // LabelingTests kills the process to test that case.
    [Fact]
    public async Task Start_FolderWithEntries_RestoresThem()
    {
        using var folder = TestFiles.CreateFolder();
        await using (var cache = await StartAsync(folder.File("cache")))
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync(cache.ConnectionString);
            for (var i = 0; i < 1000; i++)
                await redis.GetDatabase().StringSetAsync($"key{i}", new byte[200]);
            Assert.True(cache.Server.IsPersistent);
            await Task.Delay(1000, TestContext.Current.CancellationToken);
        }

        await using var again = await StartAsync(folder.File("cache"));
        await using var other = await ConnectionMultiplexer.ConnectAsync(again.ConnectionString);
        Assert.Equal(1000, (long)await other.GetDatabase().ExecuteAsync("DBSIZE"));
        Assert.Equal(200, (await other.GetDatabase().StringGetAsync("key999")).Length());
    }

    [Fact]
    public async Task Start_FolderInUse_KeepsEntriesInMemory()
    {
        using var folder = TestFiles.CreateFolder();
        await using var first = await StartAsync(folder.Path);
        await using var second = await StartAsync(folder.Path);
        Assert.True(first.Server.IsPersistent);
        Assert.False(second.Server.IsPersistent);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(second.ConnectionString);
        Assert.True(await redis.GetDatabase().StringSetAsync("key", "value"));
    }

    [Fact]
    public async Task Start_PasswordMissing_SaysHowToSetIt()
    {
        var error = await Assert.ThrowsAsync<SettingsException>(() => StartAsync(password: ""));
        Assert.Contains("Cache:Password is missing", error.Message);
    }

    private static async Task<RunningCache> StartAsync(string? folder = null, string password = Password)
    {
        var port = FreePort();
        var app = CacheExtensions.BuildCache(["--urls=http://127.0.0.1:0", $"--Cache:Port={port}", $"--Cache:Password={password}", $"--Cache:Folder={folder}"]);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new RunningCache(app, $"127.0.0.1:{port},password={password}");
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private sealed record RunningCache(WebApplication App, string ConnectionString) : IAsyncDisposable
    {
        public CacheServer Server => App.Services.GetRequiredService<CacheServer>();

        public async ValueTask DisposeAsync()
        {
            await App.StopAsync();
            await App.DisposeAsync();
        }
    }
}
