using System.Diagnostics;
using Kd.Protocol.Curriculum.V1;
using Kd.StudentTrainer.Batches;
using Kd.StudentTrainer.Curriculum;
using Kd.StudentTrainer.Training;
using Kd.Vision.Views;

namespace Kd.StudentTrainer.Runs;

/// <summary>Trains one student by one method. Everything follows from the configuration and its seeds.</summary>
internal sealed class TrainingRun(RunContext context, string method, RunFolder folder)
{
    private const ulong ShuffleStream = 0x5AFF1E;
    private readonly RunConfiguration _configuration = context.Configuration;
    private readonly SampleDifficulty _difficulty = new(context.Dataset.Train.Count, context.Configuration.Curriculum.Smoothing);
    private Target? _target;

    private bool HasCurriculum => method == Methods.KdCurriculum;

    /// <summary>Runs all epochs, then tests the weights with the best validation accuracy.</summary>
    public RunResult Execute(CancellationToken cancellation)
    {
        var started = context.Time.GetTimestamp();
        var usageBefore = context.Teacher?.Usage ?? default;
        folder.ClearMetrics();
        using var student = Student.Create(_configuration.Student, _configuration.Training, _configuration.Run, _configuration.Device, context.Dataset.ClassNames.Count, context.Planner.Size);
        context.Progress.RunStarts(method, _configuration.Training.Epochs, student.Parameters);
        if (HasCurriculum)
            _target = StartCurriculum(cancellation);

        var (best, bestEpoch, seen) = (-1.0, 0, 0L);
        for (var epoch = 0; epoch < _configuration.Training.Epochs; epoch++)
        {
            cancellation.ThrowIfCancellationRequested();
            var metrics = RunEpoch(student, epoch, cancellation);
            seen += metrics.Samples;
            folder.Guard(() => student.Save(folder.LastWeights, context.Dataset.ClassNames));
            if (metrics.ValidationAccuracy > best)
            {
                (best, bestEpoch) = (metrics.ValidationAccuracy, epoch);
                folder.Guard(() => student.Save(folder.BestWeights, context.Dataset.ClassNames));
            }

            folder.AppendMetrics(metrics);
            context.Progress.EpochEnds(method, _configuration.Training.Epochs, metrics);
        }

        student.Load(folder.BestWeights);
        var test = context.Dataset.Test;
        var correct = Evaluation.CountCorrect(context, test, needsTeacher: false, student.Predict, cancellation);
        var usage = (context.Teacher?.Usage ?? default) - usageBefore;
        var result = new RunResult(method, correct, test.Count, seen, usage.Computed, usage.Hits, context.Time.GetElapsedTime(started).TotalSeconds, bestEpoch, best);
        folder.WriteJson("result.json", result);
        return result;
    }

    private EpochMetrics RunEpoch(Student student, int epoch, CancellationToken cancellation)
    {
        using var activity = TrainerTelemetry.Source.StartActivity("train.epoch");
        activity?.SetTag("kd.run.id", context.Id).SetTag("kd.run.method", method).SetTag("kd.run.epoch", epoch);
        var started = context.Time.GetTimestamp();
        var usageBefore = context.Teacher?.Usage ?? default;
        var lesson = new Lesson(method, _target?.Temperature ?? _configuration.Distillation.Temperature, _configuration.Distillation.Alpha);
        var (loss, samples, waited) = Train(student, epoch, lesson, cancellation);
        var trained = context.Time.GetElapsedTime(started).TotalSeconds;
        var refreshed = HasCurriculum ? RefreshDifficulty(student, epoch, cancellation) : 0;
        var validation = context.Dataset.Validation;
        var accuracy = 100.0 * Evaluation.CountCorrect(context, validation, needsTeacher: false, student.Predict, cancellation) / validation.Count;
        var (threshold, reward) = (_target?.Threshold, HasCurriculum ? Report(epoch, accuracy, loss, cancellation) : null);
        var usage = (context.Teacher?.Usage ?? default) - usageBefore;
        return new EpochMetrics(
            epoch, loss, accuracy, samples, context.Time.GetElapsedTime(started).TotalSeconds, samples / trained, waited.TotalSeconds, usage.Hits, usage.Computed,
            Methods.UsesTeacher(method) ? lesson.Temperature : null, threshold, Methods.UsesTeacher(method) ? _difficulty.Mean : null, refreshed, reward);
    }

    private (double Loss, long Samples, TimeSpan Waited) Train(Student student, int epoch, Lesson lesson, CancellationToken cancellation)
    {
        var batches = BatchPlan.Cut(ChooseSamples(epoch), _configuration.Training.BatchSize);
        var plans = batches.Select(samples => new BatchPlan(samples, _configuration.Views.IndexFor(epoch), Methods.UsesTeacher(method)));
        var (sum, seen, step, waited) = (0.0, 0L, 0, TimeSpan.Zero);
        foreach (var batch in context.Pipeline(context.Dataset.Train).Run(plans, Wait, cancellation))
        {
            cancellation.ThrowIfCancellationRequested();
            using var activity = TrainerTelemetry.Source.StartActivity("train.step");
            var started = Stopwatch.GetTimestamp();
            var result = student.Step(batch, lesson, (epoch + (double)step / batches.Count) / _configuration.Training.Epochs);
            TrainerTelemetry.StepDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
            TrainerTelemetry.Samples.Add(batch.Count);
            if (result.Difficulty is { } difficulty)
                _difficulty.Record(epoch, batch.Samples, difficulty);
            sum += result.Loss * batch.Count;
            seen += batch.Count;
            step++;
            context.Progress.StepEnds(method, epoch, _configuration.Training.Epochs, step, batches.Count, sum / seen);
        }

        return (sum / seen, seen, waited);

        void Wait(TimeSpan time)
        {
            waited += time;
            TrainerTelemetry.WaitDuration.Record(time.TotalSeconds);
        }
    }

    private int[] ChooseSamples(int epoch)
    {
        var seed = CounterRandom.Mix((ulong)_configuration.Run.Seed, ShuffleStream, (ulong)epoch);
        if (_target is { } target)
            return SampleSelector.Select(target.Strategy, target.Threshold, target.EpochRatio, _difficulty.Values, seed);
        var all = Enumerable.Range(0, context.Dataset.Train.Count).ToArray();
        new CounterRandom(seed, 0).Shuffle(all.AsSpan());
        return all;
    }

    // Samples that the curriculum left out for long are measured again, so that the order does not rest on what they were once.
    private int RefreshDifficulty(Student student, int epoch, CancellationToken cancellation)
    {
        var stale = _difficulty.Stale(epoch, _configuration.Curriculum.RefreshAfter);
        var plans = BatchPlan.Cut(stale, _configuration.Training.BatchSize).Select(samples => new BatchPlan(samples, _configuration.Views.IndexFor(epoch), NeedsTeacher: true));
        foreach (var batch in context.Pipeline(context.Dataset.Train).Run(plans, _ => { }, cancellation))
            _difficulty.Record(epoch, batch.Samples, student.MeasureDifficulty(batch));
        return stale.Length;
    }

    private Target StartCurriculum(CancellationToken cancellation) => Wait(context.Agent.StartAsync(
        new StartRunRequest
        {
            RunId = $"{context.Id}.{method}",
            Epochs = _configuration.Training.Epochs,
            InitialTemperature = _configuration.Distillation.Temperature,
            Strategy = _configuration.Curriculum.ProtocolStrategy,
            EpochRatio = _configuration.Curriculum.EpochRatio,
            Seed = _configuration.Run.Seed,
        },
        cancellation));

    private double? Report(int epoch, double accuracy, double loss, CancellationToken cancellation)
    {
        var request = new ReportEpochRequest { RunId = $"{context.Id}.{method}", Epoch = epoch, Accuracy = accuracy, Loss = loss, Difficulty = _difficulty.Mean };
        var reply = Wait(context.Agent.ReportAsync(request, cancellation));
        _target = reply?.Target ?? _target;
        return reply?.Reward?.Total;
    }

    // The training thread may block: it is its own, and tensors' dispose scopes belong to it.
    private static T Wait<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
