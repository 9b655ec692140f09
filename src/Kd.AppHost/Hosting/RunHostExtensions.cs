using Kd.AppHost.Supervision;
using Kd.AppHost.Terminal;
using Kd.AppHost.Trainer;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
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
        builder.Services.AddLogging(logging =>
            logging
                .AddFilter(null, LogLevel.Warning)
                .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error)
                // It would tell of a start that a user's mistake has ended; the mistake has its own message.
                .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)
                .AddConfiguration(builder.Configuration.GetSection("Logging"))
        );
        // A service that failed is started again, or the host ends.
        builder.Services.Configure<ResourceNotificationServiceOptions>(options => options.DefaultWaitBehavior = WaitBehavior.WaitOnResourceUnavailable);
        builder.Services.AddSingleton(_ => new PrefixedOutput(Console.Out, isTerminal: !Console.IsOutputRedirected, () => Console.WindowWidth));
        builder.Services.AddSingleton<ResourceOutput>();
        builder.Services.AddSingleton<TrainerWatch>();
        builder.Services.AddSingleton<Supervisor>();
        builder.AddFirst<Supervisor>();
        builder.AddFirst<TrainerWatch>();
        builder.AddFirst<ResourceOutput>();
        return builder;
    }

    /// <summary>Runs the application to its end.</summary>
    /// <returns>The exit code of the host.</returns>
    public static async Task<int> RunToEndAsync(this DistributedApplication application)
    {
        await using var running = application;
        var lifetime = application.Services.GetRequiredService<IHostApplicationLifetime>();
        try
        {
            await application.StartAsync();
            await application.WaitForShutdownAsync();
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // It was ended, by a user's mistake or by Ctrl-C, before all services had started; those that had must go too.
            await application.StopAsync();
        }

        // A fault of our own services, which ends the host, is not to be swallowed.
        await Task.WhenAll(
            application
                .Services.GetServices<IHostedService>()
                .OfType<BackgroundService>()
                .Select(service => service.ExecuteTask)
                .OfType<Task>()
                .Where(task => task.IsFaulted)
        );
        return Environment.ExitCode;
    }

    // Aspire's own service starts the resources, and comes back when all are there: who watches them has to be there before.
    private static void AddFirst<T>(this IDistributedApplicationBuilder builder)
        where T : class, IHostedService =>
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(provider => provider.GetRequiredService<T>()));
}
