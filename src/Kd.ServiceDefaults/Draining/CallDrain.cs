using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Kd.ServiceDefaults.Draining;

/// <summary>
/// Drains a service that is told to stop (SIGTERM): it is not ready at once and refuses new calls, which clients then send to another replica, but still
/// listens until the calls that it has accepted have ended or the host's shutdown timeout has passed.
/// </summary>
internal sealed class CallDrain(ILogger<CallDrain> logger) : IHostedLifecycleService, IHealthCheck
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _calls;
    private bool _isDraining;

    /// <summary>Counts a call that begins.</summary>
    /// <returns>Whether it may begin; if so, <see cref="End"/> must follow.</returns>
    public bool TryBegin()
    {
        lock (_gate)
        {
            if (_isDraining)
                return false;
            _calls++;
            return true;
        }
    }

    /// <summary>Counts a call that has ended.</summary>
    public void End()
    {
        lock (_gate)
        {
            if (--_calls == 0 && _isDraining)
                _drained.TrySetResult();
        }
    }

    /// <summary>Begins to drain, before the web server stops to listen, and waits for the accepted calls.</summary>
    /// <param name="cancellationToken">Ends the wait at the host's shutdown timeout.</param>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _isDraining = true;
            if (_calls == 0)
                return;
            logger.Draining(_calls);
        }

        try
        {
            await _drained.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // An exception would turn the end of the process into a crash; the web server now breaks off what is left.
            logger.CallsCutOff(Volatile.Read(ref _calls));
        }
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        lock (_gate)
            return Task.FromResult(_isDraining ? HealthCheckResult.Unhealthy("The service is stopping.") : HealthCheckResult.Healthy());
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
