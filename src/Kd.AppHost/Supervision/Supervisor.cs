using System.Globalization;
using Kd.AppHost.Settings;
using Kd.AppHost.Terminal;
using Kd.AppHost.Trainer;
using Microsoft.Extensions.Hosting;

namespace Kd.AppHost.Supervision;

/// <summary>
/// Starts crashed services again with growing pauses, and ends the host when the trainer has done its work, a user's mistake stopped a service, or a service crashed too often. A service that
/// the user stopped in the dashboard stays stopped.
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
            if (change.Resource is ProjectResource && Follow(change) is { } replica)
                _ = HandleEndAsync(change, replica, stoppingToken);
        }
    }

    /// <summary>Keeps track of a replica's life.</summary>
    /// <returns>The replica, where it has just ended by itself.</returns>
    private Replica? Follow(ResourceEvent change)
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

    private async Task HandleEndAsync(ResourceEvent change, Replica replica, CancellationToken cancellation)
    {
        var lifetime = time.GetElapsedTime(replica.Started!.Value);
        replica.Started = null;
        var exitCode = change.Snapshot.ExitCode ?? Crash;
        if (exitCode == Success && change.Resource.Name == TrainerWatch.Resource)
        {
            await EndAsync(change, Success, "ended with exit code 0", cancellation);
        }
        else if (replica.Policy.NextPause(exitCode, lifetime) is { } pause)
        {
            output.Log(
                change.ResourceId,
                string.Create(CultureInfo.InvariantCulture, $"ended with exit code {exitCode}; starting it again in {pause.TotalSeconds:F0} s")
            );
            await Task.Delay(pause, time, cancellation);
            await commands.ExecuteCommandAsync(change.ResourceId, KnownResourceCommands.StartCommand, cancellation);
        }
        else
        {
            var reason = exitCode == RunSettings.UsageError ? "its message is above" : "it crashes again and again";
            await EndAsync(
                change,
                exitCode == Success ? Crash
                    : exitCode == RunSettings.UsageError ? exitCode
                    : Crash,
                $"ended with exit code {exitCode}: {reason}, so the host ends",
                cancellation
            );
        }
    }

    private async Task EndAsync(ResourceEvent change, int exitCode, string message, CancellationToken cancellation)
    {
        // What the service said last comes before this message.
        await output.LogLastAsync(change.ResourceId, message, isShown: exitCode != Success, cancellation);
        Environment.ExitCode = exitCode;
        host.StopApplication();
    }

    private sealed class Replica
    {
        public RestartPolicy Policy { get; } = new();

        /// <summary>When the process started; null while there is none.</summary>
        public long? Started { get; set; }

        public bool IsStoppedByUser { get; set; }
    }
}
