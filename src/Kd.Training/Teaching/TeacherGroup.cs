using Kd.Protocol.Teacher.V1;
using Kd.ServiceDefaults.Connections;
using Kd.Settings;
using Kd.Training.Diagnostics;
using Microsoft.Extensions.Options;

namespace Kd.Training.Teaching;

/// <summary>The teachers of this process, one or several, each with its own replicas and cache entries.</summary>
/// <remarks>
/// Where TeacherClient:WhenAway permits it, a batch goes on without a teacher whose calls have failed for TeacherClient:AwayAfter, if another one is
/// present. The teacher takes part again when it has answered.
/// </remarks>
internal sealed class TeacherGroup : ILogitsSource, IDisposable
{
    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(50);
    private readonly TeacherClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _lock = new();
    private readonly Task?[] _returns;
    private long _incomplete;

    public TeacherGroup(
        GrpcChannelPoolFactory pools,
        IOptions<TeacherClientOptions> options,
        TrainingMetrics instruments,
        TimeProvider time,
        ILogger<TeacherGroup> logger
    )
    {
        (_options, _time, _logger) = (options.Value, time, logger);
        Teachers = [.. _options.Addresses.Select(Open)];
        _returns = new Task?[Teachers.Count];

        TeacherClient Open(string address) => new(new TeacherConnection(address, pools, _options, instruments, time, logger), _options.CallSize, time);
    }

    /// <summary>The teachers, in the order of the settings.</summary>
    public IReadOnlyList<TeacherClient> Teachers { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TeacherUsage> Usages => [.. Teachers.Select(teacher => teacher.Usage)];

    /// <inheritdoc/>
    public TeacherUsage Usage => Usages.Aggregate(default(TeacherUsage), (sum, one) => sum + one) with { Incomplete = Interlocked.Read(ref _incomplete) };

    /// <summary>Use of each replica so far, teacher by teacher.</summary>
    public IReadOnlyList<ReplicaUsage> Replicas => [.. Teachers.SelectMany(teacher => teacher.Replicas)];

    private bool HasSeveral => Teachers.Count > 1;

    /// <inheritdoc/>
    public async Task<DescribeReply[]> DescribeAsync(IReadOnlyList<string> classes, CancellationToken cancellation)
    {
        var first = await Teachers[0].DescribeAsync(classes, cancellation);
        // A dataset without labels has the classes of the first teacher, in its order.
        var order = classes.Count > 0 ? classes : first.Classes;
        var others = Teachers.Skip(1).Select(teacher => teacher.DescribeAsync(order, cancellation));
        return [first, .. await Task.WhenAll(others)];
    }

    /// <inheritdoc/>
    public async Task<TeacherAnswers> GetLogitsAsync(TeacherQuestion question, CancellationToken cancellation)
    {
        var waits = question.NeedsAll || !HasSeveral || _options.WhenAway == WhenTeacherIsAway.Wait;
        while (true)
        {
            var logits = await Task.WhenAll(
                Enumerable
                    .Range(0, Teachers.Count)
                    .Select(teacher => waits ? AskAsync(teacher, question, cancellation) : TryAskAsync(teacher, question, cancellation))
            );
            if (logits.Contains(null))
            {
                if (logits.All(one => one is null))
                {
                    await WaitForOneAsync(cancellation);
                    continue;
                }

                Interlocked.Add(ref _incomplete, question.Views.Length);
            }

            return new TeacherAnswers(logits, question.Shares);
        }
    }

    public void Dispose()
    {
        _ended.Cancel();
        foreach (var teacher in Teachers)
            teacher.Dispose();
        _ended.Dispose();
    }

    private async Task<float[]?> AskAsync(int teacher, TeacherQuestion question, CancellationToken cancellation) =>
        await Teachers[teacher].GetLogitsAsync(question.Views, question.Pixels, question.Size, cancellation);

    // Null: the batch goes on without this teacher.
    private async Task<float[]?> TryAskAsync(int teacher, TeacherQuestion question, CancellationToken cancellation)
    {
        if (!await IsPresentAsync(teacher))
            return null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var call = AskAsync(teacher, question, stop.Token);
        while (await Task.WhenAny(call, Task.Delay(s_poll, _time, stop.Token)) != call && !stop.IsCancellationRequested)
        {
            if (TryLeave(teacher))
                await stop.CancelAsync();
        }

        try
        {
            return await call;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<bool> IsPresentAsync(int teacher)
    {
        if (Volatile.Read(ref _returns[teacher]) is not { } back)
            return true;
        if (!back.IsCompleted)
            return false;
        // Throws if another teacher has returned.
        await back;
        return true;
    }

    // Leaves a teacher that is unavailable, if another one is present.
    private bool TryLeave(int teacher)
    {
        lock (_lock)
        {
            if (IsLeft(teacher))
                return true;
            var others = Enumerable.Range(0, Teachers.Count).Where(other => other != teacher);
            if (!HasFailed(teacher) || others.All(other => IsLeft(other) || HasFailed(other)))
                return false;
            _logger.GoesOnWithoutTeacher(Teachers[teacher].Address, _options.AwayAfter.TotalSeconds);
            _returns[teacher] = Teachers[teacher].ReturnAsync(_ended.Token);
            return true;
        }

        bool HasFailed(int one) => Teachers[one].FailingFor >= _options.AwayAfter;

        bool IsLeft(int one) => _returns[one] is { IsCompleted: false };
    }

    private Task WaitForOneAsync(CancellationToken cancellation)
    {
        lock (_lock)
            return Task.WhenAny(_returns.OfType<Task>()).WaitAsync(cancellation);
    }
}
