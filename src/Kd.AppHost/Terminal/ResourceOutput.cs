using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Kd.AppHost.Trainer;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kd.AppHost.Terminal;

/// <summary>Shows the URLs of dashboard and run page, then what the services write.</summary>
internal sealed partial class ResourceOutput(
    ResourceNotificationService notifications,
    ResourceLoggerService logs,
    DistributedApplicationModel model,
    IConfiguration configuration,
    PrefixedOutput output
) : BackgroundService
{
    private const string Dashboard = "aspire-dashboard";

    // What Aspire itself writes into the services' logs; the dashboard shows it.
    private static readonly string[] s_aspires =
    [
        "[sys] ",
        "Waiting for resource ",
        "Finished waiting for resource ",
        "No custom certificate ",
        "Executing command '",
        "Successfully executed command '",
        "Failure executing command '",
    ];
    private static readonly TimeSpan s_longestStart = TimeSpan.FromSeconds(30),
        s_longestDelivery = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<string, (TaskCompletionSource Passed, bool IsShown)> _awaited = new();

    /// <summary>Writes a message about a service to its log, which the dashboard and the terminal show.</summary>
    public void Log(string resourceId, string message) => logs.GetLogger(resourceId).LogInformation("{Message}", message);

    /// <summary>The same, and waits until all that the service wrote before it has been shown. Nothing is shown after it.</summary>
    public async Task LogLastAsync(string resourceId, string message, bool isShown, CancellationToken cancellation)
    {
        var passed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _awaited[message] = (passed, isShown);
        Log(resourceId, message);
        await Task.WhenAny(passed.Task, Task.Delay(s_longestDelivery, cancellation));
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await AnnounceAsync(stoppingToken);
        var watched = new HashSet<string>();
        await foreach (var change in notifications.WatchAsync(stoppingToken))
        {
            if (change.Resource is ProjectResource project && watched.Add(change.ResourceId))
                _ = WatchAsync(project.GetReplicaCount() > 1 ? change.ResourceId : project.Name, change.ResourceId);
        }
    }

    private async Task AnnounceAsync(CancellationToken cancellation)
    {
        if (model.Resources.FirstOrDefault(resource => resource.Name == Dashboard) is IResourceWithEndpoints dashboard)
        {
            await Task.WhenAny(notifications.WaitForResourceHealthyAsync(Dashboard, cancellation), Task.Delay(s_longestStart, cancellation));
            var token = configuration["AppHost:BrowserToken"] is { Length: > 0 } secret ? $"/login?t={secret}" : "";
            output.WriteLine(null, $"Dashboard: {await dashboard.GetEndpoint("http").GetValueAsync(cancellation)}{token}");
        }

        var trainer = model.Resources.OfType<ProjectResource>().Single(project => project.Name == TrainerWatch.Resource);
        output.WriteLine(null, $"Run page:  {await trainer.GetEndpoint("http").GetValueAsync(cancellation)}");
    }

    // To the end of the host: what a service says while it is stopped is worth seeing too.
    private async Task WatchAsync(string name, string resourceId)
    {
        await foreach (var lines in logs.WatchAsync(resourceId))
        {
            foreach (
                var line in lines
                    .Select(line => LineStart().Replace(line.Content, ""))
                    .Where(line => !s_aspires.Any(start => line.StartsWith(start, StringComparison.Ordinal)))
            )
                Show(name, line);
        }
    }

    private void Show(string name, string line)
    {
        if (_awaited.TryRemove(line, out var awaited))
        {
            if (awaited.IsShown)
                output.WriteLine(name, line);
            output.Close();
            awaited.Passed.TrySetResult();
        }
        else
        {
            output.WriteLine(name, line);
        }
    }

    // Each line begins with the time at which it was written.
    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\S+ ")]
    private static partial Regex LineStart();
}
