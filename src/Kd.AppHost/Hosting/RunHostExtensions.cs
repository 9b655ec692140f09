using Kd.AppHost.Supervision;
using Kd.AppHost.Terminal;
using Kd.AppHost.Trainer;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kd.AppHost.Hosting;

/// <summary>Makes the AppHost a program for runs: it restarts what crashed, shows the services' output, follows the trainer and ends with it.</summary>
internal static class RunHostExtensions
{
    // The services speak http on loopback, so that no certificate is needed; and all of them are gone when the host is.
    private static readonly Dictionary<string, string> s_defaults = new()
    {
        ["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true",
        ["ASPIRE_VERSION_CHECK_DISABLED"] = "true",
        ["DcpPublisher:WaitForResourceCleanup"] = "true",
    };

    /// <summary>Adds it.</summary>
    public static IDistributedApplicationBuilder AddRunHost(this IDistributedApplicationBuilder builder)
    {
        foreach (var (name, value) in s_defaults)
            builder.Configuration[name] ??= value;
        // Aspire's own messages are for those who ask for them (--Logging:LogLevel:Default=Information).
        builder.Services.AddLogging(logging => logging
            .AddFilter(null, LogLevel.Warning)
            .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error)
            .AddConfiguration(builder.Configuration.GetSection("Logging")));
        // A service that failed is started again, or the host ends.
        builder.Services.Configure<ResourceNotificationServiceOptions>(options => options.DefaultWaitBehavior = WaitBehavior.WaitOnResourceUnavailable);
        builder.Services.AddSingleton(_ => new PrefixedOutput(Console.Out, isTerminal: !Console.IsOutputRedirected, () => Console.WindowWidth));
        builder.Services.AddSingleton<ResourceOutput>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<ResourceOutput>());
        builder.Services.AddSingleton<TrainerWatch>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<TrainerWatch>());
        builder.Services.AddHostedService<Supervisor>();
        return builder;
    }
}
