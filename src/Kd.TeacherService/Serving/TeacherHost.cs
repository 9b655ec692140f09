using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Kd.TeacherService.Serving;

/// <summary>Loads the teacher at start; the service is ready when it is loaded.</summary>
internal sealed class TeacherHost(TeacherFactory factory, IOptions<TeacherOptions> options, ILogger<TeacherHost> logger) : IHostedService, IHealthCheck, IDisposable
{
    private volatile TeacherModel? _model;

    /// <summary>The loaded teacher, or null while it loads.</summary>
    public TeacherModel? Model => _model;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var model = await Task.Run(factory.Create, cancellationToken);
        var description = model.Description;
        logger.Serving(description.Architecture, description.Parameters, description.Weights, model.Device.ToString(), model.Classes.Classes.Count, model.Classes.NetworkClasses, description.Id);
        if (options.Value.Weights == TeacherOptions.RandomWeights)
            logger.RandomWeights();
        _model = model;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_model is null ? HealthCheckResult.Unhealthy("The teacher is loading.") : HealthCheckResult.Healthy());

    public void Dispose() => _model?.Dispose();
}
