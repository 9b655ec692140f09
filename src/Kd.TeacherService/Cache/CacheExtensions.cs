using Kd.ServiceDefaults.Settings;
using StackExchange.Redis;

namespace Kd.TeacherService.Cache;

internal static class CacheExtensions
{
    private const string Name = "cache";

    /// <summary>Adds the cache of the connection string <c>cache</c>, or none where there is no such string.</summary>
    public static void AddLogitsCache(this WebApplicationBuilder builder)
    {
        builder.Services.AddSection<CacheOptions>(CacheOptions.Section);
        if (builder.Configuration.GetConnectionString(Name) is not { Length: > 0 } connection)
        {
            builder.Services.AddSingleton<ILogitsCache>(provider =>
            {
                provider.GetRequiredService<ILogger<NoLogitsCache>>().NoCache();
                return new NoLogitsCache();
            });
            return;
        }

        var options = ConfigurationOptions.Parse(connection);
        options.AbortOnConnectFail = false;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ConnectTimeout = 2000;
        options.AsyncTimeout = 1000;
        options.SyncTimeout = 1000;
        options.ReconnectRetryPolicy = new LinearRetry(500);
        builder.Services.AddSingleton<IConnectionMultiplexer>(_ => ConnectionMultiplexer.Connect(options));
        builder.Services.AddSingleton<RedisLogitsCache>();
        builder.Services.AddSingleton<ILogitsCache>(provider => provider.GetRequiredService<RedisLogitsCache>());
        builder.Services.AddHealthChecks().AddCheck<RedisLogitsCache>("cache");
    }
}
