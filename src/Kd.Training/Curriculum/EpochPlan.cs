using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Kd.Core.Randomness;
using Kd.Protocol.Curriculum.V1;
using Kd.Settings;
using Kd.Training.Batches;
using Kd.Training.Configuration;
using Kd.Training.Students;
using Kd.Vision.Checkpoints;
using static TorchSharp.torch;

namespace Kd.Training.Curriculum;

/// <summary>Chooses the samples of each epoch and their weights: all samples in random order, or those of the agent's target.</summary>
internal sealed class EpochPlan
{
    private const ulong ShuffleStream = 0x5AFF1E;
    private const string ValuesName = "difficulty.values",
        MeasuredName = "difficulty.measured",
        LossesName = "losses",
        ViewsName = "views.seen",
        SamplesName = "epoch.samples",
        CarriedName = "epoch.carried",
        WeightsName = "epoch.weights";
    private readonly RunConfiguration _configuration;
    private readonly BatchSource _batches;
    private readonly CurriculumClient _agent;
    private readonly string _name;
    private readonly LossPruning _losses;
    private readonly SeenViews _views;
    private readonly ResolutionSchedule _resolutions;
    private readonly bool _usesTeacher;
    private float[]? _weights;
    private int[] _carried = [];

    /// <param name="name">Name of the run and its method, with which its id for the agent begins.</param>
    /// <param name="method">Method of the run.</param>
    /// <param name="configuration">Settings of the run.</param>
    /// <param name="batches">Images, views and teacher.</param>
    /// <param name="agent">The curriculum agent.</param>
    public EpochPlan(string name, string method, RunConfiguration configuration, BatchSource batches, CurriculumClient agent)
    {
        (_name, AgentRun, _configuration, _batches, _agent) = (name, name, configuration, batches, agent);
        (HasTarget, _usesTeacher) = (method == Methods.KdCurriculum, Methods.UsesTeacher(method));
        _resolutions = ResolutionSchedule.Of(configuration.Curriculum);
        var samples = batches.Dataset.Train.Count;
        Difficulty = new SampleDifficulty(samples, _configuration.Curriculum.Smoothing);
        _losses = new LossPruning(samples);
        _views = new SeenViews(samples, _configuration.Views.PerSample);
    }

    /// <summary>
    /// Id of the run for the agent. It ends with a random number: a run of the same name, begun anew or in another folder, must not get this one's answers.
    /// </summary>
    public string AgentRun { get; private set; }

    /// <summary>Whether the agent chooses the samples.</summary>
    public bool HasTarget { get; }

    /// <summary>Whether the agent decides about the size of the student's input, and about nothing else.</summary>
    public bool DecidesSize => HasTarget && _configuration.Curriculum.DecidesSize;

    /// <summary>Whether difficulty determines which samples an epoch visits; not if it visits all samples or chooses at random.</summary>
    public bool OrdersByDifficulty =>
        Target is { Strategy: not Strategy.Random, EpochRatio: < 1 } target && (target.Strategy != Strategy.Even || target.Density is not null);

    /// <summary>The agent's target in force; null before the first epoch and without an agent.</summary>
    public Target? Target { get; private set; }

    /// <summary>Samples of the epoch in order; null between epochs.</summary>
    public int[]? Samples { get; private set; }

    /// <summary>Difficulty of each sample.</summary>
    public SampleDifficulty Difficulty { get; }

    /// <summary>Views that the teacher would have computed with an empty cache.</summary>
    public long TeacherViews => _views.Count;

    /// <summary>Values set manually for the epoch; null: none.</summary>
    public ManualTarget? Manual { get; private set; }

    /// <summary>Softmax temperature in force.</summary>
    public double Temperature => Manual?.Temperature ?? Target?.Temperature ?? _configuration.Distillation.Temperature;

    /// <summary>Difficulty threshold in force; null without an agent.</summary>
    public double? Threshold => Target is { } target ? Manual?.Threshold ?? target.Threshold : null;

    /// <summary>Gets the size of the student's input as a share of the view's: the agent's or that of the schedule; 1 without a curriculum.</summary>
    /// <param name="progress">Share of the run that is done.</param>
    public double ScaleAt(double progress) =>
        Target is { Size: > 0 } target ? target.Size
        : HasTarget ? _resolutions.ScaleAt(progress)
        : 1;

    /// <summary>Registers the run with the agent.</summary>
    /// <param name="reports">Largest number of reports.</param>
    /// <param name="cancellation">Cancels the wait for the agent.</param>
    public void Begin(int reports, CancellationToken cancellation)
    {
        if (!HasTarget)
            return;
        AgentRun = $"{_name}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8))}";
        var options = _configuration.Curriculum;
        var request = new StartRunRequest
        {
            RunId = AgentRun,
            Epochs = reports,
            InitialTemperature = _configuration.Distillation.Temperature,
            Strategy = options.ToStrategy(),
            Density = options.ToDensity(),
            EpochRatio = options.EpochRatio,
            Seed = _configuration.Run.Seed,
            Policy = options.ToPolicy(),
        };
        if (DecidesSize)
            request.Sizes.AddRange(SizeList.Parse(options.Sizes));
        Target = Wait(_agent.StartAsync(request, cancellation));
    }

    /// <summary>Begins an epoch with the values that were set manually for it.</summary>
    public void BeginEpoch(ManualTarget? manual) => Manual = manual;

    /// <summary>
    /// Cuts the samples of an epoch into batches of one size, and chooses the samples before, unless they have been chosen already. Samples that do not
    /// fill a batch are carried into the next epoch: a step on a few samples would move the weights as far as a step on a whole batch.
    /// </summary>
    public List<BatchPlan> CutBatches(int epoch)
    {
        Samples ??= [.. _carried, .. Choose(epoch)];
        var size = Math.Min(_configuration.Training.BatchSize, Samples.Length);
        var view = _configuration.Views.IndexFor(epoch);
        return
        [
            .. Samples
                .Chunk(size)
                .Where(batch => batch.Length == size)
                .Select((batch, step) => new BatchPlan(batch, view, _usesTeacher) { Carried = step == 0 ? Carried(epoch) : default }),
        ];
    }

    private (int Count, int View) Carried(int epoch) => (_carried.Length, _configuration.Views.IndexFor(Math.Max(0, epoch - 1)));

    private int[] Choose(int epoch)
    {
        var seed = CounterRandom.Mix((ulong)_configuration.Run.Seed, ShuffleStream, (ulong)epoch);
        if (Target is not { } target)
            return RankSampler.Select(null, 1, Difficulty, seed);
        var chosen =
            target.Strategy == Strategy.Even
                ? RankSampler.Select(target.Density, target.EpochRatio, Difficulty, seed)
                : SampleSelector.Select(target.Strategy, Manual?.Threshold ?? target.Threshold, target.EpochRatio, Difficulty.Values, seed);
        if (target.PruneProbability == 0)
            return chosen;
        (chosen, _weights) = _losses.Prune(chosen, target.PruneProbability, seed);
        foreach (var sample in _carried)
            _weights[sample] = Math.Max(1, _weights[sample]);
        return chosen;
    }

    /// <summary>Gets the weights of a batch's samples in the loss; null: all are 1, and losses of single samples are not needed.</summary>
    public float[]? WeightsOf(int[] samples) => _weights is { } weights ? Array.ConvertAll(samples, sample => weights[sample]) : null;

    /// <summary>Records the difficulties and losses of a step.</summary>
    public void Record(int epoch, int step, ReadyBatch batch, StepResult result)
    {
        if (result.Difficulty is { } difficulty)
            Difficulty.Record(epoch, batch.Samples, difficulty);
        if (result.Losses is { } losses)
            _losses.Record(batch.Samples, losses);
        if (!_usesTeacher)
            return;
        var carried = step == 0 ? Carried(epoch) : default;
        _views.Add(batch.Samples.AsSpan(0, carried.Count), carried.View);
        _views.Add(batch.Samples.AsSpan(carried.Count), _configuration.Views.IndexFor(epoch));
    }

    /// <summary>Counts views for <see cref="TeacherViews"/> that no epoch uses.</summary>
    public void CountViews(int views) => _views.Add(views);

    /// <summary>Measures the difficulty of samples again whose last measurement is old.</summary>
    /// <returns>Number of measured samples.</returns>
    public int Refresh(Student student, int epoch, CancellationToken cancellation)
    {
        var stale = Difficulty.FindStale(epoch, _configuration.Curriculum.RefreshAfter);
        // The statistics of a few samples say little; they wait until there are more.
        if (2 * stale.Length < Math.Min(_configuration.Training.BatchSize, _batches.Dataset.Train.Count))
            return 0;
        var view = _configuration.Views.IndexFor(epoch);
        var plans = BatchPlan.Cut(stale, _configuration.Training.BatchSize).Select(samples => new BatchPlan(samples, view, NeedsTeacher: true));
        foreach (var batch in _batches.Open(_batches.Dataset.Train).Run(plans, (_, _) => { }, cancellation))
            Difficulty.Record(epoch, batch.Samples, student.MeasureDifficulty(batch));
        _views.Add(stale, view);
        return stale.Length;
    }

    /// <summary>Reports an epoch and adopts the next target.</summary>
    /// <param name="epoch">Index of the epoch, from 0.</param>
    /// <param name="accuracy">Validation accuracy, percent.</param>
    /// <param name="loss">Mean training loss.</param>
    /// <param name="progress">Share of the run's updates that are done; null if the run is measured in epochs.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The reward.</returns>
    public Reward Report(int epoch, double accuracy, double loss, double? progress, CancellationToken cancellation)
    {
        var request = new ReportEpochRequest
        {
            RunId = AgentRun,
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
        return Report(request, cancellation);
    }

    /// <summary>Reports a window of updates and adopts the next target.</summary>
    /// <param name="window">Index of the window, from 0.</param>
    /// <param name="probe">The student on the probe.</param>
    /// <param name="loss">Mean training loss.</param>
    /// <param name="progress">Share of the run that is done.</param>
    /// <param name="cancellation">Cancels the call.</param>
    /// <returns>The reward.</returns>
    public Reward Report(int window, Probe probe, double loss, double progress, CancellationToken cancellation) =>
        Report(
            new ReportEpochRequest
            {
                RunId = AgentRun,
                Epoch = window,
                Loss = loss,
                Difficulty = Difficulty.Mean,
                Progress = progress,
                Probe = probe,
            },
            cancellation
        );

    private Reward Report(ReportEpochRequest request, CancellationToken cancellation)
    {
        var reply = Wait(_agent.ReportAsync(request, cancellation));
        Target = reply.Target ?? Target;
        return reply.Reward;
    }

    /// <summary>Ends the epoch; the next one chooses new samples.</summary>
    public void EndEpoch()
    {
        var size = Math.Min(_configuration.Training.BatchSize, Samples?.Length ?? 1);
        _carried = Samples is { } samples ? samples[(samples.Length / size * size)..] : [];
        (Samples, _weights, Manual) = (null, null, null);
    }

    /// <summary>Adds the state to a checkpoint.</summary>
    public void Save(Dictionary<string, TensorData> tensors)
    {
        var (values, measured) = Difficulty.Capture();
        tensors[ValuesName] = Data(ScalarType.Float32, values);
        tensors[MeasuredName] = Data(ScalarType.Int32, measured);
        tensors[LossesName] = Data(ScalarType.Float32, _losses.Losses.ToArray());
        tensors[ViewsName] = Data(ScalarType.Int64, _views.Capture());
        tensors[SamplesName] = Data(ScalarType.Int32, Samples ?? []);
        tensors[CarriedName] = Data(ScalarType.Int32, _carried);
        tensors[WeightsName] = Data(ScalarType.Float32, _weights ?? []);
    }

    /// <summary>Restores the state from a checkpoint.</summary>
    /// <param name="checkpoint">A checkpoint with the tensors that <see cref="Save"/> adds.</param>
    /// <param name="target">The target in force.</param>
    /// <param name="manual">Values set manually for the epoch.</param>
    /// <param name="inEpoch">Whether the checkpoint was saved within an epoch.</param>
    /// <param name="agentRun"><see cref="AgentRun"/>; null: a checkpoint of an earlier version, in which it was the name.</param>
    public void Restore(Checkpoint checkpoint, Target? target, ManualTarget? manual, bool inEpoch, string? agentRun)
    {
        AgentRun = agentRun ?? _name;
        Manual = inEpoch ? manual : null;
        Difficulty.Restore(Values<float>(checkpoint, ValuesName), Values<int>(checkpoint, MeasuredName));
        _losses.Restore(Values<float>(checkpoint, LossesName));
        _views.Restore(Values<long>(checkpoint, ViewsName));
        _carried = Values<int>(checkpoint, CarriedName).ToArray();
        var weights = Values<float>(checkpoint, WeightsName).ToArray();
        (Target, Samples, _weights) = (target, inEpoch ? Values<int>(checkpoint, SamplesName).ToArray() : null, inEpoch && weights.Length > 0 ? weights : null);
    }

    private static ReadOnlySpan<T> Values<T>(Checkpoint checkpoint, string name)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(checkpoint.Tensors[name].Bytes.Span);

    private static TensorData Data<T>(ScalarType type, T[] values)
        where T : unmanaged => new(type, [values.Length], MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    // The training thread is a dedicated thread and may block; it must not await, since dispose scopes of tensors belong to a thread.
    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
