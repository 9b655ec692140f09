using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Kd.AppHost.Access;
using Kd.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kd.AppHost.Terminal;

/// <summary>Shows the URLs of dashboard and run page, and then the output of the services.</summary>
internal sealed partial class ResourceOutput(
    ResourceNotificationService notifications,
    ResourceLoggerService logs,
    DistributedApplicationModel model,
    IConfiguration configuration,
    PrefixedOutput output
) : BackgroundService
{
    private const string Dashboard = "aspire-dashboard";

    // Lines that Aspire itself writes into the services' logs; the dashboard shows them.
    private static readonly string[] s_aspireLines =
    [
        "[sys] ",
        "Waiting for resource ",
        "Finished waiting for resource ",
        "No custom certificate ",
        "Executing command '",
        "Successfully executed command '",
        "Failure executing command '",
    ];
    private static readonly TimeSpan s_startTimeout = TimeSpan.FromSeconds(30),
        s_deliveryTimeout = TimeSpan.FromSeconds(10);
    private readonly ConcurrentDictionary<string, (TaskCompletionSource Arrived, bool IsShown)> _lastMessages = new();

    /// <summary>Writes a message about a service to its log, which the dashboard and the terminal show.</summary>
    public void Log(string resourceId, string message) => logs.GetLogger(resourceId).LogInformation("{Message}", message);

    /// <summary>Writes the last message about a service, waits until all earlier output of the service has been shown, and closes the output.</summary>
    public async Task LogLastAsync(string resourceId, string message, bool isShown, CancellationToken cancellation)
    {
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _lastMessages[message] = (arrived, isShown);
        Log(resourceId, message);
        await Task.WhenAny(arrived.Task, Task.Delay(s_deliveryTimeout, cancellation));
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
            await Task.WhenAny(notifications.WaitForResourceHealthyAsync(Dashboard, cancellation), Task.Delay(s_startTimeout, cancellation));
            var token = configuration["AppHost:BrowserToken"] is { Length: > 0 } secret ? $"/login?t={secret}" : "";
            output.WriteLine(null, $"Dashboard: {await dashboard.GetEndpoint("http").GetValueAsync(cancellation)}{token}");
        }

        var trainer = model.Resources.OfType<ProjectResource>().Single(project => project.Name == SharedNames.Trainer);
        var page = await trainer.GetEndpoint("http").GetExactUrlAsync(cancellation);
        output.WriteLine(null, $"Run page:  {PageToken.AddTo(page + "/", await model.FindServiceKey().GetPageTokenAsync(cancellation))}");
    }

    // Until the end of the host, since the output of a service that is being stopped is useful too.
    private async Task WatchAsync(string name, string resourceId)
    {
        await foreach (var lines in logs.WatchAsync(resourceId))
        {
            foreach (
                var line in lines
                    .Select(line => LineStart().Replace(line.Content, ""))
                    .Where(line => !s_aspireLines.Any(start => line.StartsWith(start, StringComparison.Ordinal)))
            )
                Show(name, line);
        }
    }

    private void Show(string name, string line)
    {
        if (_lastMessages.TryRemove(line, out var last))
        {
            if (last.IsShown)
                output.WriteLine(name, line);
            output.Close();
            last.Arrived.TrySetResult();
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
