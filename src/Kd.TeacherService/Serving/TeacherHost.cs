using Kd.TeacherService.Batching;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Kd.TeacherService.Serving;

/// <summary>Loads and checks the teacher at start, and runs its passes until the service stops; the service is ready when it is loaded.</summary>
internal sealed class TeacherHost(TeacherFactory factory, PassQueue queue, PassRunner runner, IOptions<TeacherOptions> options, ILogger<TeacherHost> logger)
    : IHostedService,
        IHealthCheck,
        IDisposable
{
    private volatile TeacherModel? _model;
    private Task _passes = Task.CompletedTask;

    /// <summary>The loaded teacher, or null while it loads.</summary>
    public TeacherModel? Model => _model;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var model = await Task.Run(factory.Create, cancellationToken);
        var description = model.Description;
        logger.Serving(
            description.Architecture,
            description.Parameters,
            description.Weights,
            model.Device.ToString(),
            model.Classes.Classes.Count,
            model.Classes.NetworkClasses,
            description.Id
        );
        if (options.Value.Weights == TeacherOptions.RandomWeights)
            logger.RandomWeights();
        queue.BeginWith(model.FirstPass);
        _passes = runner.RunAsync(model);
        _model = model;
    }

    /// <summary>The web server has ended its requests by now; what is left in the queue is computed.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Stop();
        await _passes.WaitAsync(cancellationToken);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_model is null ? HealthCheckResult.Unhealthy("The teacher is loading.") : HealthCheckResult.Healthy());

    public void Dispose()
    {
        if (_passes.IsCompleted)
            _model?.Dispose();
    }
}
