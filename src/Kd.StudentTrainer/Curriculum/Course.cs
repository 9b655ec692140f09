using System.Runtime.InteropServices;
using Kd.Core.Randomness;
using Kd.Protocol.Curriculum.V1;
using Kd.StudentTrainer.Batches;
using Kd.StudentTrainer.Runs;
using Kd.StudentTrainer.Steering;
using Kd.StudentTrainer.Training;
using Kd.Vision.Checkpoints;
using static TorchSharp.torch;

namespace Kd.StudentTrainer.Curriculum;

/// <summary>What each epoch of a run visits, and with which weights: all samples in random order, or those that the agent's target asks for.</summary>
internal sealed class Course
{
    private const ulong ShuffleStream = 0x5AFF1E;
    private const string ValuesName = "difficulty.values",
        MeasuredName = "difficulty.measured",
        LossesName = "losses",
        ViewsName = "views.seen",
        SamplesName = "epoch.samples",
        WeightsName = "epoch.weights";
    private readonly RunContext _context;
    private readonly RunConfiguration _configuration;
    private readonly string _runId;
    private readonly LossPruning _losses;
    private readonly SeenViews _views;
    private readonly bool _usesTeacher;
    private float[]? _weights;

    /// <param name="context">What the runs share.</param>
    /// <param name="method">What the student learns from.</param>
    public Course(RunContext context, string method)
    {
        (_context, _configuration, _runId) = (context, context.Configuration, $"{context.Id}.{method}");
        (HasTarget, _usesTeacher) = (method == Methods.KdCurriculum, Methods.UsesTeacher(method));
        var samples = context.Dataset.Train.Count;
        Difficulty = new SampleDifficulty(samples, _configuration.Curriculum.Smoothing);
        _losses = new LossPruning(samples);
        _views = new SeenViews(samples, _configuration.Views.PerSample);
    }

    /// <summary>Whether the agent decides.</summary>
    public bool HasTarget { get; }

    /// <summary>Whether difficulty decides which samples an epoch visits; a run that visits everything, or picks by chance, needs no order.</summary>
    public bool OrdersByDifficulty => Target is { Strategy: not Strategy.Random, EpochRatio: < 1 };

    /// <summary>What is in force; null before the first epoch and without an agent.</summary>
    public Target? Target { get; private set; }

    /// <summary>Samples of the epoch in their order; null between epochs.</summary>
    public int[]? Samples { get; private set; }

    /// <summary>Each sample's difficulty.</summary>
    public SampleDifficulty Difficulty { get; }

    /// <summary>Views that the teacher would have computed with an empty cache.</summary>
    public long TeacherViews => _views.Count;

    /// <summary>What is set by hand for the epoch; null: nothing.</summary>
    public ManualTarget? Manual { get; private set; }

    /// <summary>Softmax temperature in force.</summary>
    public double Temperature => Manual?.Temperature ?? Target?.Temperature ?? _configuration.Distillation.Temperature;

    /// <summary>Difficulty threshold in force; null without an agent.</summary>
    public double? Threshold => Target is { } target ? Manual?.Threshold ?? target.Threshold : null;

    /// <summary>Registers the run with the agent.</summary>
    /// <param name="epochs">How many epochs it will have.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    public void Begin(int epochs, CancellationToken cancellation)
    {
        if (!HasTarget)
            return;
        var options = _configuration.Curriculum;
        Target = Wait(
            _context.Agent.StartAsync(
                new StartRunRequest
                {
                    RunId = _runId,
                    Epochs = epochs,
                    InitialTemperature = _configuration.Distillation.Temperature,
                    Strategy = options.ProtocolStrategy,
                    EpochRatio = options.EpochRatio,
                    Seed = _configuration.Run.Seed,
                    Policy = options.ProtocolPolicy,
                    // Nothing was trained yet, so what the agent may know of a run of this name is another one's.
                    Restart = true,
                },
                cancellation
            )
        );
    }

    /// <summary>Begins an epoch with what is set by hand for it.</summary>
    public void BeginEpoch(ManualTarget? manual) => Manual = manual;

    /// <summary>Chooses the samples of an epoch, unless that was done before.</summary>
    public int[] Choose(int epoch)
    {
        if (Samples is { } known)
            return known;
        var seed = CounterRandom.Mix((ulong)_configuration.Run.Seed, ShuffleStream, (ulong)epoch);
        int[] chosen;
        if (Target is { } target)
        {
            chosen = SampleSelector.Select(target.Strategy, Manual?.Threshold ?? target.Threshold, target.EpochRatio, Difficulty.Values, seed);
            if (target.PruneProbability > 0)
                (chosen, _weights) = _losses.Prune(chosen, target.PruneProbability, seed);
        }
        else
        {
            chosen = [.. Enumerable.Range(0, _context.Dataset.Train.Count)];
            new CounterRandom(seed, 0).Shuffle(chosen.AsSpan());
        }

        return Samples = chosen;
    }

    /// <summary>Weights of a batch's samples in the loss; null: all are 1 and nobody asks for single losses.</summary>
    public float[]? WeightsOf(int[] samples) => _weights is { } weights ? Array.ConvertAll(samples, sample => weights[sample]) : null;

    /// <summary>Takes what a step showed.</summary>
    public void Record(int epoch, ReadyBatch batch, StepResult result)
    {
        if (result.Difficulty is { } difficulty)
            Difficulty.Record(epoch, batch.Samples, difficulty);
        if (result.Losses is { } losses)
            _losses.Record(batch.Samples, losses);
        if (_usesTeacher)
            _views.Add(batch.Samples, _configuration.Views.IndexFor(epoch));
    }

    /// <summary>Measures samples again that were left out for long, so that the order does not rest on what they were once.</summary>
    /// <returns>How many they were.</returns>
    public int Refresh(Student student, int epoch, CancellationToken cancellation)
    {
        var stale = Difficulty.Stale(epoch, _configuration.Curriculum.RefreshAfter);
        var view = _configuration.Views.IndexFor(epoch);
        var plans = BatchPlan.Cut(stale, _configuration.Training.BatchSize).Select(samples => new BatchPlan(samples, view, NeedsTeacher: true));
        foreach (var batch in _context.Pipeline(_context.Dataset.Train).Run(plans, (_, _) => { }, cancellation))
            Difficulty.Record(epoch, batch.Samples, student.MeasureDifficulty(batch));
        _views.Add(stale, view);
        return stale.Length;
    }

    /// <summary>Reports an epoch and takes the next target.</summary>
    /// <param name="epoch">From 0.</param>
    /// <param name="accuracy">Percent.</param>
    /// <param name="loss">Mean training loss.</param>
    /// <param name="progress">Share of the run's updates that are done; null where epochs are counted.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <returns>The reward; null while the agent is unavailable.</returns>
    public Reward? Report(int epoch, double accuracy, double loss, double? progress, CancellationToken cancellation)
    {
        var request = new ReportEpochRequest
        {
            RunId = _runId,
            Epoch = epoch,
            Accuracy = accuracy,
            Loss = loss,
            Difficulty = Difficulty.Mean,
        };
        if (progress is { } share)
            request.Progress = share;
        if (Manual?.Temperature is { } temperature)
            request.ManualTemperature = temperature;
        if (Manual?.Threshold is { } threshold)
            request.ManualThreshold = threshold;
        var reply = Wait(_context.Agent.ReportAsync(request, cancellation));
        Target = reply?.Target ?? Target;
        return reply?.Reward;
    }

    /// <summary>Ends the epoch: the next one chooses anew.</summary>
    public void EndEpoch() => (Samples, _weights, Manual) = (null, null, null);

    /// <summary>Adds what the next steps depend on to a checkpoint.</summary>
    public void Save(Dictionary<string, TensorData> tensors)
    {
        var (values, measured) = Difficulty.Capture();
        tensors[ValuesName] = Data(ScalarType.Float32, values);
        tensors[MeasuredName] = Data(ScalarType.Int32, measured);
        tensors[LossesName] = Data(ScalarType.Float32, _losses.Losses.ToArray());
        tensors[ViewsName] = Data(ScalarType.Int64, _views.Capture());
        tensors[SamplesName] = Data(ScalarType.Int32, Samples ?? []);
        tensors[WeightsName] = Data(ScalarType.Float32, _weights ?? []);
    }

    /// <summary>Goes on from a checkpoint.</summary>
    /// <param name="checkpoint">What <see cref="Save"/> added to.</param>
    /// <param name="target">The target in force.</param>
    /// <param name="manual">Set by hand for the epoch.</param>
    /// <param name="inEpoch">Whether it was saved within an epoch.</param>
    public void Restore(Checkpoint checkpoint, Target? target, ManualTarget? manual, bool inEpoch)
    {
        Manual = inEpoch ? manual : null;
        Difficulty.Restore(Values<float>(checkpoint, ValuesName), Values<int>(checkpoint, MeasuredName));
        _losses.Restore(Values<float>(checkpoint, LossesName));
        _views.Restore(Values<long>(checkpoint, ViewsName));
        var weights = Values<float>(checkpoint, WeightsName).ToArray();
        (Target, Samples, _weights) = (target, inEpoch ? Values<int>(checkpoint, SamplesName).ToArray() : null, inEpoch && weights.Length > 0 ? weights : null);
    }

    private static ReadOnlySpan<T> Values<T>(Checkpoint checkpoint, string name)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(checkpoint.Tensors[name].Bytes.Span);

    private static TensorData Data<T>(ScalarType type, T[] values)
        where T : unmanaged => new(type, [values.Length], MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    // The training thread may block: it is its own, and tensors' dispose scopes belong to it.
    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
