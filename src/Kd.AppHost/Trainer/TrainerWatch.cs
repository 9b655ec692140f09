using System.Net.Http.Json;
using System.Text.Json;
using Kd.AppHost.Access;
using Kd.AppHost.Terminal;
using Kd.Settings;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Kd.AppHost.Trainer;

/// <summary>Polls the trainer's status, and shows it as the state of its resource and as progress in the terminal.</summary>
internal sealed class TrainerWatch(
    ResourceNotificationService notifications,
    DistributedApplicationModel model,
    PrefixedOutput output,
    IHostApplicationLifetime host,
    TimeProvider time
) : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(1);
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private string? _shown;
    private TrainerStatus? _last;

    /// <summary>The trainer's last status; null while it does not respond.</summary>
    public TrainerStatus? Current { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The trainer stops before this service does, so the status is kept as it was when the host began to shut down.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, host.ApplicationStopping);
        await notifications.WaitForResourceHealthyAsync(SharedNames.Trainer, ending.Token);
        var trainer = model.Resources.OfType<ProjectResource>().Single(project => project.Name == SharedNames.Trainer);
        var address = new Uri(await trainer.GetEndpoint("http").GetExactUrlAsync(ending.Token) + "/api/run");
        _http.DefaultRequestHeaders.Authorization = new("Bearer", await model.FindServiceKey().GetPageTokenAsync(ending.Token));
        try
        {
            await FollowAsync(trainer, address, ending.Token);
        }
        finally
        {
            // A run may have begun since the last look, and the trainer is only just being told to end.
            _last = await GetStatusAsync(address, CancellationToken.None) ?? _last;
        }
    }

    private async Task FollowAsync(ProjectResource trainer, Uri address, CancellationToken ending)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        do
        {
            Current = await GetStatusAsync(address, ending);
            _last = Current ?? _last;
            output.SetProgress(SharedNames.Trainer, Current?.Progress);
            await notifications.PublishUpdateAsync(trainer, SetState);
        } while (await timer.WaitForNextTickAsync(ending));
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        output.SetProgress(SharedNames.Trainer, null);
        // Aspire stops following the services' output first, so the trainer's own message does not appear. If the trainer has exited by itself, the output
        // is closed.
        // A busy machine may have kept it from answering in time.
        if (_last is { IsUnderWay: true })
            output.WriteLine(SharedNames.Trainer, "stopped before the end of its run; the same command continues it");
    }

    public override void Dispose()
    {
        _http.Dispose();
        base.Dispose();
    }

    // Replaces only Aspire's text for a healthy running process; Aspire shows how a process starts and ends.
    private CustomResourceSnapshot SetState(CustomResourceSnapshot snapshot)
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

    private async Task<TrainerStatus?> GetStatusAsync(Uri address, CancellationToken cancellation)
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
