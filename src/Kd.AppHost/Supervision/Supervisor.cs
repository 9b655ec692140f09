using System.Globalization;
using Kd.AppHost.Settings;
using Kd.AppHost.Terminal;
using Kd.Settings;
using Microsoft.Extensions.Hosting;

namespace Kd.AppHost.Supervision;

/// <summary>
/// Restarts crashed services with growing pauses, and ends the host when the trainer has finished, when a user's mistake stopped a service, or when a
/// service crashed too often. A service that the user stopped in the dashboard stays stopped.
/// </summary>
internal sealed class Supervisor(
    ResourceNotificationService notifications,
    ResourceCommandService commands,
    ResourceOutput output,
    IHostApplicationLifetime host,
    TimeProvider time
) : BackgroundService
{
    private const int Success = 0,
        Crash = 1,
        Killed = -1; // DCP's exit code of a process that a signal has ended
    private readonly Dictionary<string, Replica> _replicas = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            if (change.Resource is not ProjectResource)
                continue;
            if (!_replicas.TryGetValue(change.ResourceId, out var replica))
                _replicas.Add(change.ResourceId, replica = new Replica());
            if (replica.Follow(change.Snapshot.State?.Text, change.Snapshot.StopTimeStamp, time.GetTimestamp()) is { } started)
                _ = HandleStopHostAsync(change, replica.Policy, time.GetElapsedTime(started), stoppingToken);
        }
    }

    private async Task HandleStopHostAsync(ResourceEvent change, RestartPolicy policy, TimeSpan lifetime, CancellationToken cancellation)
    {
        var exitCode = change.Snapshot.ExitCode ?? Crash;
        if (exitCode == Success && change.Resource.Name == SharedNames.Trainer)
        {
            await StopHostAsync(change, Success, "ended with exit code 0", cancellation);
        }
        else if (policy.NextPause(exitCode, lifetime) is { } pause)
        {
            output.Log(change.ResourceId, string.Create(CultureInfo.InvariantCulture, $"{Describe(exitCode)}; restarting it in {pause.TotalSeconds:F0} s"));
            await Task.Delay(pause, time, cancellation);
            await commands.ExecuteCommandAsync(change.ResourceId, KnownResourceCommands.StartCommand, cancellation);
        }
        else
        {
            var reason = exitCode == RunSettings.UsageError ? "see its message above" : "it keeps crashing";
            await StopHostAsync(
                change,
                exitCode == Success ? Crash
                    : exitCode == RunSettings.UsageError ? exitCode
                    : Crash,
                $"{Describe(exitCode)}: {reason}, so the host ends",
                cancellation
            );
        }
    }

    private static string Describe(int exitCode) =>
        exitCode == Killed ? "was killed by a signal" : string.Create(CultureInfo.InvariantCulture, $"ended with exit code {exitCode}");

    private async Task StopHostAsync(ResourceEvent change, int exitCode, string message, CancellationToken cancellation)
    {
        // The service's last output comes before this message.
        await output.LogLastAsync(change.ResourceId, message, isShown: exitCode != Success, cancellation);
        Environment.ExitCode = exitCode;
        host.StopApplication();
    }
}
