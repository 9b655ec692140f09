using Grpc.Core;
using Kd.Protocol.Curriculum.V1;
using Kd.ServiceDefaults.Connections;
using Kd.Settings;
using Kd.Training.Diagnostics;
using Kd.Training.Teaching;
using Microsoft.Extensions.Options;

namespace Kd.Training.Curriculum;

/// <summary>Reports epochs to the curriculum agent. While it is unavailable, the last target holds and reports are queued.</summary>
internal sealed class CurriculumClient(GrpcChannelPoolFactory pools, IOptions<AgentClientOptions> options, TimeProvider time, ILogger<CurriculumClient> logger)
    : IDisposable
{
    private const int LargestMessage = 4 << 20;
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);
    private readonly List<ReportEpochRequest> _waiting = [];
    private GrpcChannelPool? _pool;

    /// <summary>Undelivered reports, oldest first, including those of runs that have ended.</summary>
    public IReadOnlyCollection<ReportEpochRequest> Waiting => _waiting;

    /// <summary>Adds reports that an earlier process could not deliver.</summary>
    /// <param name="waiting">The reports, oldest first.</param>
    public void Resume(IEnumerable<ReportEpochRequest> waiting) =>
        _waiting.AddRange(waiting.Where(report => !_waiting.Any(known => known.RunId == report.RunId && known.Epoch == report.Epoch)).ToList());

    /// <summary>Registers a run; waits until the agent is available.</summary>
    /// <returns>The target of epoch 0.</returns>
    public async Task<Target> StartAsync(StartRunRequest request, CancellationToken cancellation)
    {
        _waiting.RemoveAll(report => report.RunId == request.RunId);
        using var activity = TrainingTelemetry.Start(SpanNames.RegisterRun);
        var client = await OpenAsync(cancellation);
        var retries = PatientCall.Create(
            TimeSpan.FromMilliseconds(200),
            TimeSpan.FromSeconds(5),
            time,
            (error, attempt, _) =>
            {
                if (attempt == 3)
                    logger.AgentIsAway(error.Status.Detail);
            }
        );
        try
        {
            return await retries.ExecuteAsync(async token => (await client.StartRunAsync(request, Options(token))).Target, cancellation);
        }
        catch (RpcException error)
        {
            cancellation.ThrowIfCancellationRequested();
            throw RefusedCall.Explain("Agent", options.Value.Address, error);
        }
    }

    /// <summary>Reports an epoch, after earlier undelivered reports.</summary>
    /// <returns>The response, or null while the agent is unavailable.</returns>
    public async Task<ReportEpochReply?> ReportAsync(ReportEpochRequest request, CancellationToken cancellation)
    {
        _waiting.Add(request);
        var client = await OpenAsync(cancellation);
        try
        {
            return await DeliverAsync(client, cancellation);
        }
        catch (RpcException error)
            when (error.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Internal or StatusCode.Cancelled
                && !cancellation.IsCancellationRequested
            )
        {
            logger.AgentIsAway(error.Status.Detail);
            return null;
        }
        catch (RpcException error)
        {
            cancellation.ThrowIfCancellationRequested();
            throw RefusedCall.Explain("Agent", options.Value.Address, error);
        }
    }

    public void Dispose() => _pool?.Dispose();

    /// <summary>Delivers all queued reports.</summary>
    /// <returns>The response to the newest report; null if none was queued.</returns>
    private async Task<ReportEpochReply?> DeliverAsync(Protocol.Curriculum.V1.Curriculum.CurriculumClient client, CancellationToken cancellation)
    {
        var (missed, reply) = (_waiting.Count - 1, default(ReportEpochReply));
        while (_waiting is [var next, ..])
        {
            try
            {
                reply = await client.ReportEpochAsync(next, Options(cancellation));
            }
            catch (RpcException error)
                when (next.RunId != _waiting[^1].RunId
                    && error.StatusCode is StatusCode.NotFound or StatusCode.FailedPrecondition or StatusCode.InvalidArgument or StatusCode.DataLoss
                )
            {
                // A rejected report of an earlier run must not stop this one.
                logger.ReportRefused(next.RunId, next.Epoch, error.Status.Detail);
            }

            _waiting.RemoveAt(0);
        }

        if (missed > 0)
            logger.AgentIsBack(missed);
        return reply;
    }

    private async Task<Protocol.Curriculum.V1.Curriculum.CurriculumClient> OpenAsync(CancellationToken cancellation)
    {
        try
        {
            _pool ??= await pools.OpenAsync(options.Value.Address, 1, LargestMessage, cancellation);
            return new(_pool.Next());
        }
        catch (ArgumentException error)
        {
            throw new TrainingException($"AgentClient:Address: {error.Message}", error);
        }
    }

    private CallOptions Options(CancellationToken cancellation) => new(deadline: time.GetUtcNow().UtcDateTime + s_timeout, cancellationToken: cancellation);
}
