using Grpc.Core;
using Kd.Protocol.Curriculum.V1;
using Kd.ServiceDefaults.Connections;
using Kd.StudentTrainer.Diagnostics;
using Kd.StudentTrainer.Teaching;
using Kd.StudentTrainer.Training;
using Microsoft.Extensions.Options;

namespace Kd.StudentTrainer.Curriculum;

/// <summary>Reports epochs to the agent. While it is away the last target holds, and reports wait their turn.</summary>
internal sealed class CurriculumClient(GrpcChannelPoolFactory pools, IOptions<AgentClientOptions> options, TimeProvider time, ILogger<CurriculumClient> logger) : IDisposable
{
    private const int LargestMessage = 4 << 20;
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_lesson = TimeSpan.FromMinutes(10);
    private readonly Queue<ReportEpochRequest> _waiting = [];
    private GrpcChannelPool? _pool;

    /// <summary>Reports that wait for the agent, oldest first.</summary>
    public IReadOnlyCollection<ReportEpochRequest> Waiting => _waiting;

    /// <summary>Goes on with a run that was registered before.</summary>
    /// <param name="waiting">Reports that the agent has not taken yet, oldest first.</param>
    public void Resume(IEnumerable<ReportEpochRequest> waiting)
    {
        _waiting.Clear();
        foreach (var report in waiting)
            _waiting.Enqueue(report);
    }

    /// <summary>Registers the run; waits until the agent is there.</summary>
    /// <returns>The target of epoch 0.</returns>
    public async Task<Target> StartAsync(StartRunRequest request, CancellationToken cancellation)
    {
        using var activity = TrainerTelemetry.Start(SpanNames.RegisterRun);
        _waiting.Clear();
        var client = await OpenAsync(cancellation);
        var patience = PatientCall.Create(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(5), time, (error, attempt, _) =>
        {
            if (attempt == 3)
                logger.AgentIsAway(error.Status.Detail);
        });
        try
        {
            var reply = await patience.ExecuteAsync(async token => await client.StartRunAsync(request, Options(token)), cancellation);
            return reply.Target;
        }
        catch (RpcException error)
        {
            cancellation.ThrowIfCancellationRequested();
            throw RefusedCall.Explain("Agent", options.Value.Address, error);
        }
    }

    /// <summary>Reports an epoch, after those that could not be delivered before.</summary>
    /// <returns>The answer, or null where the agent is away.</returns>
    public async Task<ReportEpochReply?> ReportAsync(ReportEpochRequest request, CancellationToken cancellation)
    {
        _waiting.Enqueue(request);
        var client = await OpenAsync(cancellation);
        var (missed, reply) = (_waiting.Count - 1, default(ReportEpochReply));
        try
        {
            while (_waiting.TryPeek(out var next))
            {
                reply = await client.ReportEpochAsync(next, Options(cancellation));
                _waiting.Dequeue();
            }
        }
        catch (RpcException error) when (error.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Internal or StatusCode.Cancelled && !cancellation.IsCancellationRequested)
        {
            logger.AgentIsAway(error.Status.Detail);
            return null;
        }
        catch (RpcException error)
        {
            cancellation.ThrowIfCancellationRequested();
            throw RefusedCall.Explain("Agent", options.Value.Address, error);
        }

        if (missed > 0)
            logger.AgentIsBack(missed);
        return reply;
    }

    /// <summary>Has a policy learn on a simulator of recorded runs.</summary>
    public async Task<LearnPolicyReply> LearnAsync(LearnPolicyRequest request, CancellationToken cancellation)
    {
        var client = await OpenAsync(cancellation);
        try
        {
            return await client.LearnPolicyAsync(request, new CallOptions(deadline: time.GetUtcNow().UtcDateTime + s_lesson, cancellationToken: cancellation));
        }
        catch (RpcException error)
        {
            cancellation.ThrowIfCancellationRequested();
            throw RefusedCall.Explain("Agent", options.Value.Address, error);
        }
    }

    public void Dispose() => _pool?.Dispose();

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
