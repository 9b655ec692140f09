using Kd.ServiceDefaults.Settings;
using Kd.Settings;
using Kd.TeacherService.Diagnostics;

namespace Kd.TeacherService.Cache;

internal static class CacheExtensions
{
    private const string Name = SharedNames.CacheConnection;

    /// <summary>Adds the replica's memory cache, in front of Redis where the connection string <c>cache</c> is set.</summary>
    public static void AddLogitsCache(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSection<CacheOptions>(CacheOptions.Section);
        services.AddSingleton<MemoryLogitsCache>();
        if (builder.Configuration.GetConnectionString(Name) is not { Length: > 0 } connection)
        {
            services.AddSingleton<ILogitsCache>(provider =>
            {
                provider.GetRequiredService<ILogger<NoLogitsCache>>().NoCache();
                return new NoLogitsCache(provider.GetRequiredService<TeacherMetrics>());
            });
            return;
        }

        services.AddSingleton(_ => Connect(connection));
        services.AddHostedService(provider => provider.GetRequiredService<RedisConnection>());
        services.AddSingleton<RedisLogitsCache>();
        services.AddSingleton<ILogitsCache>(provider => provider.GetRequiredService<RedisLogitsCache>());
        services.AddHealthChecks().AddCheck<RedisLogitsCache>("cache");
    }

    private static RedisConnection Connect(string connection)
    {
        try
        {
            return new RedisConnection(connection);
        }
        catch (ArgumentException error)
        {
            throw new SettingsException(
                $"ConnectionStrings:{Name}",
                $"ConnectionStrings:{Name} cannot be used: {error.Message} Expected HOST:PORT[,password=...] as StackExchange.Redis reads it."
            );
        }
    }
}
