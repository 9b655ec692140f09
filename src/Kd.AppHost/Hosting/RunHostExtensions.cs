using Kd.AppHost.Supervision;
using Kd.AppHost.Terminal;
using Kd.AppHost.Trainer;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kd.AppHost.Hosting;

/// <summary>Makes the AppHost a command-line program: it restarts crashed services, shows their output, and ends with the trainer.</summary>
internal static class RunHostExtensions
{
    // The services use HTTP on loopback, which needs no certificate; the host waits at its end until all of them have stopped.
    private static readonly Dictionary<string, string> s_defaults = new()
    {
        ["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true",
        ["ASPIRE_VERSION_CHECK_DISABLED"] = "true",
        ["DcpPublisher:WaitForResourceCleanup"] = "true",
    };

    /// <summary>Adds the output, the watching of the trainer and the supervision of the services.</summary>
    public static IDistributedApplicationBuilder AddRunHost(this IDistributedApplicationBuilder builder)
    {
        foreach (var (name, value) in s_defaults)
            builder.Configuration[name] ??= value;
        // Aspire's own messages are shown on request only (--Logging:LogLevel:Default=Information).
        builder.Services.AddLogging(logging =>
            logging
                .AddFilter(null, LogLevel.Warning)
                .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error)
                // It would log a start that was canceled by a user's mistake, which has its own message.
                .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)
                .AddConfiguration(builder.Configuration.GetSection("Logging"))
        );
        // A service that failed is restarted, or the host ends.
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

    /// <summary>Runs the application until it ends.</summary>
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
            // A user's mistake or Ctrl-C ended it before all services had started; stop those that had.
            await application.StopAsync();
        }

        // An exception of a background service ends the host; rethrow it instead of hiding it.
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

    // Aspire's own hosted service starts the resources and returns when all of them run; services that watch them must start before it.
    private static void AddFirst<T>(this IDistributedApplicationBuilder builder)
        where T : class, IHostedService =>
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(provider => provider.GetRequiredService<T>()));
}
