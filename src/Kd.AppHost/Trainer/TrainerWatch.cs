using System.Net.Http.Json;
using System.Text.Json;
using Kd.AppHost.Terminal;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Kd.AppHost.Trainer;

/// <summary>Asks the trainer where its run is, and shows it as the state of its resource and as progress in the terminal.</summary>
internal sealed class TrainerWatch(
    ResourceNotificationService notifications,
    DistributedApplicationModel model,
    PrefixedOutput output,
    IHostApplicationLifetime host,
    TimeProvider time
) : BackgroundService
{
    /// <summary>Name of the trainer's resource.</summary>
    public const string Resource = "trainer";

    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private string? _shown;

    /// <summary>What the trainer said last; null while it does not answer.</summary>
    public TrainerStatus? Current { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The trainer stops before this service does: what it said last, before the host began to end, is what counts.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, host.ApplicationStopping);
        await notifications.WaitForResourceHealthyAsync(Resource, ending.Token);
        var trainer = model.Resources.OfType<ProjectResource>().Single(project => project.Name == Resource);
        var address = new Uri(trainer.GetEndpoint("http").Url + "/api/run");
        using var timer = new PeriodicTimer(s_interval, time);
        do
        {
            Current = await AskAsync(address, ending.Token);
            output.SetProgress(Resource, Current?.Progress);
            await notifications.PublishUpdateAsync(trainer, Show);
        } while (await timer.WaitForNextTickAsync(ending.Token));
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        output.SetProgress(Resource, null);
        // The trainer's own last words no longer come through: Aspire stops following the services' output first. Where the trainer has ended by itself, the output is closed.
        if (Current is { IsUnderWay: true })
            output.WriteLine(Resource, "stopped before the end of its run; the same command continues it");
    }

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    // Only over Aspire's own text for a running process: how it starts and ends is for Aspire to say.
    private CustomResourceSnapshot Show(CustomResourceSnapshot snapshot)
    {
        var state = snapshot.State?.Text;
        if (Current is not { } status || !(state == _shown || (state == KnownResourceStates.Running && snapshot.HealthStatus == HealthStatus.Healthy)))
            return snapshot;
        _shown = status.Describe();
        return snapshot with { State = new ResourceStateSnapshot(_shown, Style(status)) };
    }

    private static string Style(TrainerStatus status) =>
        status.Phase switch
        {
            "failed" => KnownResourceStateStyles.Error,
            "paused" or "stopping" => KnownResourceStateStyles.Warn,
            "running" => KnownResourceStateStyles.Success,
            _ => KnownResourceStateStyles.Info,
        };

    private async Task<TrainerStatus?> AskAsync(Uri address, CancellationToken cancellation)
    {
        try
        {
            return await _http.GetFromJsonAsync<TrainerStatus>(address, cancellation);
        }
        catch (Exception error)
            when (error is HttpRequestException or JsonException || (error is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }
}
