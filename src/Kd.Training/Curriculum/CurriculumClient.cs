using Grpc.Core;
using Kd.Protocol.Curriculum.V1;
using Kd.ServiceDefaults.Connections;
using Kd.Settings;
using Kd.Training.Diagnostics;
using Kd.Training.Teaching;
using Microsoft.Extensions.Options;
using Polly;

namespace Kd.Training.Curriculum;

/// <summary>Reports epochs to the curriculum agent. While it is unavailable, calls wait and log a warning: the next target depends on its answer.</summary>
internal sealed class CurriculumClient : IDisposable
{
    private const int LargestMessage = 4 << 20;
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);
    private readonly GrpcChannelPoolFactory _pools;
    private readonly string _address;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ResiliencePipeline _retries;
    private GrpcChannelPool? _pool;
    private bool _isUnavailable;

    /// <param name="pools">Opens connections.</param>
    /// <param name="options">Address of the agent.</param>
    /// <param name="time">Clock for delays and deadlines.</param>
    /// <param name="logger">Gets warnings.</param>
    public CurriculumClient(GrpcChannelPoolFactory pools, IOptions<AgentClientOptions> options, TimeProvider time, ILogger<CurriculumClient> logger)
    {
        (_pools, _address, _time, _logger) = (pools, options.Value.Address, time, logger);
        _retries = PatientCall.Create(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5), time, OnRetry);
    }

    /// <summary>Registers a run.</summary>
    /// <returns>The target of epoch 0.</returns>
    public async Task<Target> StartAsync(StartRunRequest request, CancellationToken cancellation)
    {
        using var activity = TrainingTelemetry.Start(SpanNames.RegisterRun);
        return (await CallAsync((client, call) => client.StartRunAsync(request, call), cancellation)).Target;
    }

    /// <summary>Reports an epoch. A report that the agent has had already gets the same answer.</summary>
    public Task<ReportEpochReply> ReportAsync(ReportEpochRequest request, CancellationToken cancellation) =>
        CallAsync((client, call) => client.ReportEpochAsync(request, call), cancellation);

    public void Dispose() => _pool?.Dispose();

    private async Task<T> CallAsync<T>(
        Func<Protocol.Curriculum.V1.Curriculum.CurriculumClient, CallOptions, AsyncUnaryCall<T>> call,
        CancellationToken cancellation
    )
    {
        var client = await OpenAsync(cancellation);
        try
        {
            var reply = await _retries.ExecuteAsync(async token => await call(client, Options(token)), cancellation);
            if (_isUnavailable)
                _logger.AgentIsBack();
            _isUnavailable = false;
            return reply;
        }
        catch (RpcException error)
        {
            cancellation.ThrowIfCancellationRequested();
            throw RefusedCall.Explain("Agent", _address, error);
        }
    }

    private void OnRetry(RpcException error, int attempt, TimeSpan delay)
    {
        if (attempt < 3 || _isUnavailable)
            return;
        _isUnavailable = true;
        _logger.AgentIsAway(_address, error.Status.Detail);
    }

    private async Task<Protocol.Curriculum.V1.Curriculum.CurriculumClient> OpenAsync(CancellationToken cancellation)
    {
        try
        {
            _pool ??= await _pools.OpenAsync(_address, 1, LargestMessage, cancellation);
            return new(_pool.Next());
        }
        catch (ArgumentException error)
        {
            throw new TrainingException($"AgentClient:Address: {error.Message}", error);
        }
    }

    private CallOptions Options(CancellationToken cancellation) => new(deadline: _time.GetUtcNow().UtcDateTime + s_timeout, cancellationToken: cancellation);
}
