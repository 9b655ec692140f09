using Kd.ServiceDefaults.Settings;

namespace Kd.TeacherService.Cache;

internal static class CacheExtensions
{
    private const string Name = "cache";

    /// <summary>Adds this replica's memory in front of the Redis of the connection string <c>cache</c>, or in front of nothing where there is no such string.</summary>
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
                return new NoLogitsCache();
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
                $"ConnectionStrings:{Name} cannot be used: {error.Message} Expected HOST:PORT[,password=...] as StackExchange.Redis reads it.",
                error
            );
        }
    }
}
