using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Kd.Cache;

/// <summary>Reports the service as healthy while the Redis server answers a PING over its socket.</summary>
internal sealed class CacheHealthCheck(IOptions<CacheServerOptions> options) : IHealthCheck, IAsyncDisposable
{
    private readonly Lazy<Task<ConnectionMultiplexer>> _connection = new(() =>
        ConnectionMultiplexer.ConnectAsync(
            new ConfigurationOptions
            {
                EndPoints = { { "127.0.0.1", options.Value.Port } },
                Password = options.Value.Password,
                AbortOnConnectFail = false,
            }
        )
    );

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var latency = await (await _connection.Value).GetDatabase().PingAsync().WaitAsync(cancellationToken);
            return HealthCheckResult.Healthy($"PING took {latency.TotalMilliseconds:F1} ms");
        }
        catch (RedisException error)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, error.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection.IsValueCreated)
            await (await _connection.Value).DisposeAsync();
    }
}
