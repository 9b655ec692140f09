using Microsoft.Extensions.Hosting;
using OpenTelemetry.Logs;

namespace Kd.ServiceDefaults.Telemetry;

/// <summary>Sends the last log messages before the process ends. The provider's own flush comes when its HTTP client is gone already.</summary>
internal sealed class LastLogs(LoggerProvider provider) : IHostedLifecycleService
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(2);

    public Task StoppedAsync(CancellationToken cancellationToken)
    {
        provider.ForceFlush((int)s_longest.TotalMilliseconds);
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
