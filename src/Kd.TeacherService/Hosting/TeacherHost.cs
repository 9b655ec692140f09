using Kd.Settings;
using Kd.TeacherService.Batching;
using Kd.TeacherService.Model;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Kd.TeacherService.Hosting;

/// <summary>Loads and checks the teacher at start and runs its passes until the service stops; the service is ready once the teacher is loaded.</summary>
internal sealed class TeacherHost(
    TeacherFactory factory,
    ServedTeacher served,
    PassQueue queue,
    PassRunner runner,
    IOptions<TeacherOptions> options,
    IOptions<BatchingOptions> batching,
    ILogger<TeacherHost> logger
) : IHostedService, IHealthCheck, IDisposable
{
    private const int MostFailures = 3;
    private Task _passes = Task.CompletedTask;
    private volatile bool _isStopping;

    /// <summary>The loaded teacher, or null while it loads.</summary>
    public TeacherModel? Model => served.Model;

    /// <summary>Explains why this process cannot serve any more; null if it can, or is still loading.</summary>
    public string? Problem =>
        Model is null || _isStopping ? null
        : _passes.IsCompleted ? "The loop that runs the forward passes has ended."
        : runner.Failures >= MostFailures ? $"The last {runner.Failures} forward passes failed."
        : runner.PassTime > batching.Value.LongestPass ? $"A forward pass has taken {runner.PassTime:g}, longer than Batching:LongestPass."
        : null;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var model = await Task.Run(factory.Create, cancellationToken);
        var description = model.Description;
        logger.Serving(
            description.Architecture,
            description.Parameters,
            description.Weights,
            model.Device,
            model.Classes.Classes.Count,
            model.Classes.NetworkClasses,
            description.Id
        );
        if (options.Value.Weights == TeacherOptions.RandomWeights)
            logger.RandomWeights();
        queue.SetPassDuration(model.FirstPass);
        _passes = runner.RunAsync(model);
        served.Model = model;
    }

    /// <summary>Computes what is left in the queue; the web server has ended its requests by then.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _isStopping = true;
        queue.Stop();
        try
        {
            await _passes.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The calls were cut off and no pass is left that anybody waits for; an exception would turn the end of the process into a crash.
            logger.PassNotEnded(runner.PassTime);
        }
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            Model is null ? HealthCheckResult.Unhealthy("The teacher is loading.")
            : Problem is { } problem ? HealthCheckResult.Unhealthy(problem)
            : HealthCheckResult.Healthy()
        );

    public void Dispose()
    {
        if (_passes.IsCompleted)
            Model?.Dispose();
    }
}
