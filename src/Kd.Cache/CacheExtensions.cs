using Kd.ServiceDefaults;
using Kd.ServiceDefaults.Settings;

namespace Kd.Cache;

internal static class CacheExtensions
{
    /// <summary>Builds the cache service.</summary>
    public static WebApplication BuildCache(string[] args)
    {
        var builder = ServiceDefaultsExtensions.CreateService(args);
        builder.Services.AddSection<CacheServerOptions>(CacheServerOptions.Section);
        builder.Services.AddSingleton<CacheServer>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<CacheServer>());
        builder.Services.AddSingleton<CacheHealthCheck>();
        builder.Services.AddHealthChecks().AddCheck<CacheHealthCheck>("redis");
        var app = builder.Build();
        app.MapServiceDefaults();
        return app;
    }
}
