using System.Diagnostics;
using System.Runtime.InteropServices;
using Kd.Protocol.Curriculum.V1;
using Kd.StudentTrainer.Batches;
using Kd.StudentTrainer.Checkpoints;
using Kd.StudentTrainer.Curriculum;
using Kd.StudentTrainer.Reports;
using Kd.StudentTrainer.Teaching;
using Kd.StudentTrainer.Training;
using Kd.Vision.Checkpoints;
using Kd.Vision.Export;
using Kd.Vision.Views;
using static TorchSharp.torch;

namespace Kd.StudentTrainer.Runs;

/// <summary>Trains one student by one method. Everything follows from the configuration and its seeds, also when it was stopped and goes on from a checkpoint.</summary>
internal sealed class TrainingRun
{
    private const ulong ShuffleStream = 0x5AFF1E;
    private const string ValuesName = "difficulty.values", MeasuredName = "difficulty.measured", SamplesName = "epoch.samples";
    private readonly RunContext _context;
    private readonly string _method;
    private readonly RunFolder _folder;
    private readonly RunConfiguration _configuration;
    private readonly SampleDifficulty _difficulty;
    private readonly CheckpointStore _checkpoints;
    private readonly long _started;
    private readonly TeacherUsage _usageAtStart;
    private RunState _state;
    private Target? _target;
    private int[]? _samples;
    private long _saved;

    public TrainingRun(RunContext context, string method, RunFolder folder)
    {
        (_context, _method, _folder, _configuration) = (context, method, folder, context.Configuration);
        (_difficulty, _checkpoints) = (new SampleDifficulty(context.Dataset.Train.Count, _configuration.Curriculum.Smoothing), new CheckpointStore(folder));
        (_started, _saved, _usageAtStart) = (context.Time.GetTimestamp(), context.Time.GetTimestamp(), context.Teacher?.Usage ?? default);
        _state = new RunState(UsesTeacher ? context.TeacherDescription?.TeacherId : null, 0, 0, 0, EpochSums.Zero, BestEpoch.None, 0, default, 0, null, []);
    }

    private bool HasCurriculum => _method == Methods.KdCurriculum;

    private bool UsesTeacher => Methods.UsesTeacher(_method);

    private int Epochs => _configuration.Training.Epochs;

    /// <summary>Runs all epochs that are left, then tests the weights with the best validation accuracy.</summary>
    public RunResult Execute(CancellationToken cancellation)
    {
        using var student = Student.Create(_configuration, _method, _context.Dataset.ClassNames.Count, _context.Planner.Size);
        _context.Progress.RunStarts(_method, Epochs, student.Parameters);
        if (!Resume(student))
            Begin(cancellation);
        using var log = OpenLog();
        while (_state.Epoch < Epochs)
        {
            cancellation.ThrowIfCancellationRequested();
            log.Append(RunEpoch(student, cancellation));
        }

        return Test(student, cancellation);
    }

    private RunResult Test(Student student, CancellationToken cancellation)
    {
        var test = _context.Dataset.Test;
        student.Load(_folder.LastWeights);
        var last = Evaluation.Measure(_context, test, needsTeacher: false, student.Predict, cancellation);
        student.Load(_folder.BestWeights);
        var best = Evaluation.Measure(_context, test, needsTeacher: false, student.Predict, cancellation);
        _folder.WriteJson(RunFolder.EvaluationFile, best);
        _folder.Guard(() => OnnxFile.Write(_folder.OnnxPath, student.Evaluated, _context.Dataset.ClassNames, _configuration.Student.OnnxInput));
        var usage = Usage();
        var result = new RunResult(
            _method, best.Correct, best.Images, _state.Seen, usage.Computed, usage.Hits, Seconds(), _state.Best.Epoch, _state.Best.Accuracy, last.Correct, _configuration.Run.Seed);
        if (UsesTeacher)
            DifficultyTable.Write(_folder, _context.Dataset.Train, _context.Dataset.ClassNames, _difficulty);
        new RunReport(_context, result, _folder.ReadMetrics(), best, _difficulty).Write(_folder);
        _folder.WriteJson(RunFolder.ResultFile, result);
        return result;
    }

    private void Begin(CancellationToken cancellation)
    {
        _folder.KeepMetrics(0);
        if (HasCurriculum)
            _target = StartCurriculum(cancellation);
    }

    private bool Resume(Student student)
    {
        if (_configuration.Run.Resume == "never")
            _checkpoints.Delete();
        if (_checkpoints.Load(_context.Progress.Note) is not { } found)
            return false;
        var (state, checkpoint) = found;
        if (state.TeacherId != _state.TeacherId)
            throw new TrainingException($"The run in '{_folder.Path}' was taught by teacher {state.TeacherId}, and now {_state.TeacherId} is served. Start the same teacher (weights, precision, Batching:MaxBatch, Cache:TopK), or begin anew with Run:Resume=never or another Run:Id.");
        student.Restore(state.Steps, checkpoint);
        _difficulty.Restore(Values<float>(checkpoint, ValuesName), Values<int>(checkpoint, MeasuredName));
        _samples = state.Step > 0 ? Values<int>(checkpoint, SamplesName).ToArray() : null;
        _target = state.Target is null ? null : Target.Parser.ParseJson(state.Target);
        _context.Agent.Resume(state.Reports.Select(ReportEpochRequest.Parser.ParseJson));
        _state = state;
        _folder.KeepMetrics(state.Epoch);
        if (state.Epoch < Epochs)
            _context.Progress.Note($"{_method}: goes on from its checkpoint at epoch {state.Epoch + 1}, step {state.Step}");
        return true;
    }

    private EpochMetrics RunEpoch(Student student, CancellationToken cancellation)
    {
        var epoch = _state.Epoch;
        using var activity = TrainerTelemetry.Source.StartActivity("train.epoch");
        activity?.SetTag("kd.run.id", _context.Id).SetTag("kd.run.method", _method).SetTag("kd.run.epoch", epoch);
        var before = (_state.Sums, Started: _context.Time.GetTimestamp(), Usage: _context.Teacher?.Usage ?? default);
        var temperature = _target?.Temperature ?? _configuration.Distillation.Temperature;
        _samples ??= ChooseSamples(epoch);
        Train(student, temperature, () => Sums(before.Sums, before.Started, before.Usage), cancellation);
        var trained = Sums(before.Sums, before.Started, before.Usage);
        var refreshed = HasCurriculum ? RefreshDifficulty(student, epoch, cancellation) : 0;
        var validation = _context.Dataset.Validation;
        var accuracy = Evaluation.Measure(_context, validation, needsTeacher: false, student.Predict, cancellation).Accuracy;
        var loss = trained.Loss / trained.Samples;
        var (threshold, reward) = (_target?.Threshold, HasCurriculum ? Report(epoch, accuracy, loss, cancellation) : null);
        var all = Sums(before.Sums, before.Started, before.Usage);
        return Finish(student, new EpochMetrics(
            epoch, loss, accuracy, trained.Samples, all.Seconds, trained.Samples / trained.Seconds, trained.Waited, all.Hits, all.Computed,
            UsesTeacher ? temperature : null, threshold, UsesTeacher ? _difficulty.Mean : null, refreshed, reward, UsesTeacher ? _difficulty.Histogram() : null, Environment.WorkingSet));
    }

    // Weights and metrics first, then the checkpoint that counts on them: whatever is lost in between is made again, to the same bits.
    private EpochMetrics Finish(Student student, EpochMetrics metrics)
    {
        _folder.Guard(() => student.Save(_folder.LastWeights, _context.Dataset.ClassNames));
        var best = _state.Best;
        if (metrics.ValidationAccuracy > best.Accuracy)
        {
            best = new BestEpoch(metrics.Epoch, metrics.ValidationAccuracy);
            _folder.Guard(() => student.Save(_folder.BestWeights, _context.Dataset.ClassNames));
        }

        _folder.AppendMetrics(metrics);
        _samples = null;
        _state = _state with { Epoch = metrics.Epoch + 1, Step = 0, Sums = EpochSums.Zero, Best = best, Seen = _state.Seen + metrics.Samples };
        SaveCheckpoint(student);
        _context.Progress.EpochEnds(_method, Epochs, metrics);
        return metrics;
    }

    private TensorBoardLog OpenLog()
    {
        TensorBoardLog? log = null;
        _folder.Guard(() => log = new TensorBoardLog(_folder.Path, _folder.ReadMetrics(), _context.Time));
        return log!;
    }

    private void Train(Student student, double temperature, Func<EpochSums> sums, CancellationToken cancellation)
    {
        var epoch = _state.Epoch;
        var batches = BatchPlan.Cut(_samples!, _configuration.Training.BatchSize);
        var plans = batches.Skip(_state.Step).Select(samples => new BatchPlan(samples, _configuration.Views.IndexFor(epoch), UsesTeacher));
        foreach (var batch in _context.Pipeline(_context.Dataset.Train).Run(plans, Wait, cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            using var activity = TrainerTelemetry.Source.StartActivity("train.step");
            var started = Stopwatch.GetTimestamp();
            var result = student.Step(batch, new Moment(epoch + (double)_state.Step / batches.Count, temperature));
            TrainerTelemetry.StepDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
            TrainerTelemetry.Samples.Add(batch.Count);
            if (result.Difficulty is { } difficulty)
                _difficulty.Record(epoch, batch.Samples, difficulty);
            var soFar = _state.Sums;
            _state = _state with { Step = _state.Step + 1, Sums = soFar with { Loss = soFar.Loss + result.Loss * batch.Count, Samples = soFar.Samples + batch.Count } };
            if (_state.Step < batches.Count && _context.Time.GetElapsedTime(_saved) >= _configuration.Run.CheckpointEvery)
                SaveCheckpoint(student, sums());
            _context.Progress.StepEnds(_method, epoch, Epochs, _state.Step, batches.Count, _state.Sums.Loss / _state.Sums.Samples);
        }

        void Wait(TimeSpan time)
        {
            _state = _state with { Sums = _state.Sums with { Waited = _state.Sums.Waited + time.TotalSeconds } };
            TrainerTelemetry.WaitDuration.Record(time.TotalSeconds);
        }
    }

    private void SaveCheckpoint(Student student, EpochSums? sums = null)
    {
        var tensors = student.Capture();
        var (values, measured) = _difficulty.Capture();
        tensors[ValuesName] = Data(ScalarType.Float32, values);
        tensors[MeasuredName] = Data(ScalarType.Int32, measured);
        tensors[SamplesName] = Data(ScalarType.Int32, _samples ?? []);
        _checkpoints.Save(
            _state with
            {
                Steps = student.Steps,
                Sums = sums ?? _state.Sums,
                Usage = Usage(),
                Seconds = Seconds(),
                Target = _target?.ToString(),
                Reports = [.. _context.Agent.Waiting.Select(report => report.ToString())],
            },
            tensors);
        _saved = _context.Time.GetTimestamp();
    }

    // The epoch's sums with the time and the teacher's use since this process began with it.
    private EpochSums Sums(EpochSums before, long started, TeacherUsage usageBefore)
    {
        var usage = (_context.Teacher?.Usage ?? default) - usageBefore;
        return _state.Sums with { Seconds = before.Seconds + _context.Time.GetElapsedTime(started).TotalSeconds, Hits = before.Hits + usage.Hits, Computed = before.Computed + usage.Computed };
    }

    private TeacherUsage Usage() => _state.Usage + ((_context.Teacher?.Usage ?? default) - _usageAtStart);

    private double Seconds() => _state.Seconds + _context.Time.GetElapsedTime(_started).TotalSeconds;

    private int[] ChooseSamples(int epoch)
    {
        var seed = CounterRandom.Mix((ulong)_configuration.Run.Seed, ShuffleStream, (ulong)epoch);
        if (_target is { } target)
            return SampleSelector.Select(target.Strategy, target.Threshold, target.EpochRatio, _difficulty.Values, seed);
        var all = Enumerable.Range(0, _context.Dataset.Train.Count).ToArray();
        new CounterRandom(seed, 0).Shuffle(all.AsSpan());
        return all;
    }

    // Samples that the curriculum left out for long are measured again, so that the order does not rest on what they were once.
    private int RefreshDifficulty(Student student, int epoch, CancellationToken cancellation)
    {
        var stale = _difficulty.Stale(epoch, _configuration.Curriculum.RefreshAfter);
        var plans = BatchPlan.Cut(stale, _configuration.Training.BatchSize).Select(samples => new BatchPlan(samples, _configuration.Views.IndexFor(epoch), NeedsTeacher: true));
        foreach (var batch in _context.Pipeline(_context.Dataset.Train).Run(plans, _ => { }, cancellation))
            _difficulty.Record(epoch, batch.Samples, student.MeasureDifficulty(batch));
        return stale.Length;
    }

    private Target StartCurriculum(CancellationToken cancellation) => Wait(_context.Agent.StartAsync(
        new StartRunRequest
        {
            RunId = $"{_context.Id}.{_method}",
            Epochs = Epochs,
            InitialTemperature = _configuration.Distillation.Temperature,
            Strategy = _configuration.Curriculum.ProtocolStrategy,
            EpochRatio = _configuration.Curriculum.EpochRatio,
            Seed = _configuration.Run.Seed,
        },
        cancellation));

    private double? Report(int epoch, double accuracy, double loss, CancellationToken cancellation)
    {
        var request = new ReportEpochRequest { RunId = $"{_context.Id}.{_method}", Epoch = epoch, Accuracy = accuracy, Loss = loss, Difficulty = _difficulty.Mean };
        var reply = Wait(_context.Agent.ReportAsync(request, cancellation));
        _target = reply?.Target ?? _target;
        return reply?.Reward?.Total;
    }

    private static ReadOnlySpan<T> Values<T>(Checkpoint checkpoint, string name)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(checkpoint.Tensors[name].Bytes.Span);

    private static TensorData Data<T>(ScalarType type, T[] values)
        where T : unmanaged => new(type, [values.Length], MemoryMarshal.AsBytes(values.AsSpan()).ToArray());

    // The training thread may block: it is its own, and tensors' dispose scopes belong to it.
    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
