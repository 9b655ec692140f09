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
        Crash = 1;
    private readonly Dictionary<string, Replica> _replicas = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            if (change.Resource is ProjectResource && TrackState(change) is { } replica)
                _ = HandleStopHostAsync(change, replica, stoppingToken);
        }
    }

    /// <summary>Records when a replica starts and ends.</summary>
    /// <returns>The replica if it has just exited by itself.</returns>
    private Replica? TrackState(ResourceEvent change)
    {
        if (!_replicas.TryGetValue(change.ResourceId, out var replica))
            _replicas.Add(change.ResourceId, replica = new Replica());
        var state = change.Snapshot.State?.Text;
        if (state == KnownResourceStates.Stopping)
        {
            replica.IsStoppedByUser = true;
        }
        else if (KnownResourceStates.TerminalStates.Contains(state))
        {
            // The end of the process before may be told again after the next one has started.
            if (change.Snapshot.StopTimeStamp is { } ended && ended == replica.Ended)
                return null;
            replica.Ended = change.Snapshot.StopTimeStamp;
            if (replica.Started is not null && !replica.IsStoppedByUser)
                return replica;
            replica.Started = null;
        }
        else if (state is not null && replica.Started is null && (state == KnownResourceStates.Starting || state == KnownResourceStates.Running))
        {
            (replica.Started, replica.IsStoppedByUser) = (time.GetTimestamp(), false);
        }

        return null;
    }

    private async Task HandleStopHostAsync(ResourceEvent change, Replica replica, CancellationToken cancellation)
    {
        var lifetime = time.GetElapsedTime(replica.Started!.Value);
        replica.Started = null;
        var exitCode = change.Snapshot.ExitCode ?? Crash;
        if (exitCode == Success && change.Resource.Name == SharedNames.Trainer)
        {
            await StopHostAsync(change, Success, "ended with exit code 0", cancellation);
        }
        else if (replica.Policy.NextPause(exitCode, lifetime) is { } pause)
        {
            output.Log(
                change.ResourceId,
                string.Create(CultureInfo.InvariantCulture, $"ended with exit code {exitCode}; restarting it in {pause.TotalSeconds:F0} s")
            );
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
                $"ended with exit code {exitCode}: {reason}, so the host ends",
                cancellation
            );
        }
    }

    private async Task StopHostAsync(ResourceEvent change, int exitCode, string message, CancellationToken cancellation)
    {
        // The service's last output comes before this message.
        await output.LogLastAsync(change.ResourceId, message, isShown: exitCode != Success, cancellation);
        Environment.ExitCode = exitCode;
        host.StopApplication();
    }

    private sealed class Replica
    {
        public RestartPolicy Policy { get; } = new();

        /// <summary>Timestamp of the process's start; null while there is no process.</summary>
        public long? Started { get; set; }

        /// <summary>When the last process ended; null before the first end.</summary>
        public DateTime? Ended { get; set; }

        public bool IsStoppedByUser { get; set; }
    }
}
