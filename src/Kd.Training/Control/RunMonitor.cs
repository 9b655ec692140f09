using System.Globalization;
using Kd.Core.Text;
using Kd.Training.Artifacts;

namespace Kd.Training.Control;

/// <summary>
/// Collects status, messages and results of the work for the terminal, the run page and the HTTP API. Status, messages and <see cref="Note"/> are safe on any
/// thread; one thread does the work that is reported.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class RunMonitor(TimeProvider time)
{
    private const int MaxLines = 500;
    private readonly Queue<string> _lines = [];
    private RunStatus _status = RunStatus.Starting;
    private IReadOnlyList<WorkerStatus> _workers = [];
    private ProgressBar? _bar;
    private RunProgress _progress;
    private long _written;

    /// <summary>Raised when a line was added to <see cref="Lines"/>.</summary>
    public event Action<string>? LineAdded;

    /// <summary>Raised when the work has advanced; the argument is its progress as a line of text.</summary>
    public event Action<string>? Advanced;

    /// <summary>Raised when a run or study has ended with a table of results.</summary>
    public event Action<ResultRows>? Completed;

    /// <summary>The current status.</summary>
    public RunStatus Status
    {
        get => Volatile.Read(ref _status);
        private set => Volatile.Write(ref _status, value);
    }

    /// <summary>The workers that share the current study.</summary>
    public IReadOnlyList<WorkerStatus> Workers => Volatile.Read(ref _workers);

    /// <summary>The last 500 messages, oldest first.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    /// <summary>Number of messages so far, including those that are no longer kept.</summary>
    public long Written => Interlocked.Read(ref _written);

    private double? SecondsLeft =>
        _progress.Done > _progress.First
            ? time.GetElapsedTime(_progress.Started, _progress.Now).TotalSeconds * ((1 - _progress.Done) / (_progress.Done - _progress.First))
            : null;

    /// <summary>Adds a message.</summary>
    public void Note(string text)
    {
        text = PrintableText.Of(text);
        lock (_lines)
        {
            _lines.Enqueue(text);
            Interlocked.Increment(ref _written);
            if (_lines.Count > MaxLines)
                _lines.Dequeue();
        }

        LineAdded?.Invoke(text);
    }

    /// <summary>Adds an error message.</summary>
    public void Error(string text) => Note("error: " + text);

    /// <summary>Starts a progress bar.</summary>
    /// <param name="name">Name of the work.</param>
    /// <param name="total">Number of units.</param>
    /// <param name="unit">Name of a unit, in the plural.</param>
    /// <param name="first">Units that were done before.</param>
    public ProgressBar BeginProgress(string name, long total, string unit, long first = 0) => new(name, total, unit, ShowProgress, time, first);

    /// <summary>Sets the position of the next run in its study.</summary>
    /// <param name="run">Index of the run, from 1; 0: not part of a study.</param>
    /// <param name="runs">Runs of the study.</param>
    public void SetStudyPosition(int run, int runs) => Status = Status with { Run = run, Runs = runs };

    /// <summary>Sets the workers that share the current study; safe on any thread.</summary>
    public void SetWorkers(IReadOnlyList<WorkerStatus> workers)
    {
        // Where there is nothing to show, nothing changes.
        if (workers.Count > 0 || Workers.Count > 0)
            Volatile.Write(ref _workers, workers);
    }

    /// <summary>Shows that a run has started.</summary>
    /// <param name="method">Method of the run.</param>
    /// <param name="epochs">Epochs of the run.</param>
    /// <param name="parameters">Number of parameters of the student.</param>
    /// <param name="folder">Folder of the run.</param>
    public void StartRun(string method, int epochs, long parameters, string folder)
    {
        (_bar, _progress) = (null, default);
        Status = RunStatus.Starting with
        {
            Phase = "running",
            Method = method,
            Epoch = 1,
            Epochs = epochs,
            Folder = folder,
            Run = Status.Run,
            Runs = Status.Runs,
        };
        Note($"{method}: {epochs} epochs, student with {parameters} parameters");
    }

    /// <summary>Shows that a step has ended.</summary>
    /// <param name="epoch">Index of the epoch, from 0.</param>
    /// <param name="step">Steps of the epoch that are done.</param>
    /// <param name="steps">Steps of the epoch.</param>
    /// <param name="updates">Updates of the run that are done, and their expected number.</param>
    /// <param name="loss">Mean training loss of the epoch so far.</param>
    public void EndStep(int epoch, int step, int steps, (long Done, long Total) updates, double loss)
    {
        var (method, epochs) = (Status.Method ?? "", Status.Epochs);
        var (done, total) = (updates.Done, Math.Max(updates.Done, updates.Total));
        _progress = _progress.With(time.GetTimestamp(), (double)done / total);
        Status = Status with { Epoch = epoch + 1, Step = step, Steps = steps, Loss = loss, SecondsLeft = SecondsLeft };
        _bar ??= BeginProgress(method, total, "steps", done - 1);
        if (done < total)
            _bar.Report(done, string.Create(CultureInfo.InvariantCulture, $"epoch {epoch + 1}/{epochs}  loss {loss:F3}"));
    }

    /// <summary>Shows that an epoch has ended.</summary>
    public void EndEpoch(EpochMetrics metrics)
    {
        var (method, epochs) = (Status.Method, Status.Epochs);
        _progress = _progress.With(time.GetTimestamp(), (metrics.Epoch + 1.0) / epochs);
        Status = Status with { Loss = metrics.Loss, ValidationAccuracy = metrics.ValidationAccuracy, SecondsLeft = SecondsLeft };
        var requested = metrics.CacheHits + metrics.TeacherComputed;
        var cache = requested == 0 ? "" : $"  cache hits {100.0 * metrics.CacheHits / requested:F0}%";
        var curriculum = metrics.Threshold is null
            ? ""
            : $"  T {metrics.Temperature:F1} threshold {metrics.Threshold:F2} size {metrics.Size:F2} reward {metrics.Reward:F1}";
        var left = SecondsLeft is { } seconds ? ProgressBar.FormatTime(TimeSpan.FromSeconds(seconds)) : "?";
        Note(
            $"{method}  epoch {metrics.Epoch + 1}/{epochs}  loss {metrics.Loss:F3}  accuracy {metrics.ValidationAccuracy:F1}%"
                + $"  {metrics.ImagesPerSecond:F0} images/s{cache}{curriculum}  left {left}"
        );
    }

    /// <summary>Shows the result of a run of a study, or of its teacher.</summary>
    public void EndStudyRun(RunResult result) =>
        Note($"{result.Method}: {result.Correct} of {result.TestImages} test images correct ({result.TestAccuracy:F2}%)");

    /// <summary>Shows the results of the finished run or study.</summary>
    /// <param name="rows">Table of results.</param>
    /// <param name="folder">Folder of the run or study.</param>
    public void Complete(ResultRows rows, string folder)
    {
        Completed?.Invoke(rows);
        Note($"run folder: {folder}");
        End("finished");
    }

    /// <summary>Shows that the current work has ended.</summary>
    /// <param name="phase">finished, stopped, failed or waiting (for runs).</param>
    public void End(string phase) => Status = Status with { Phase = phase, SecondsLeft = null, Progress = null };

    private void ShowProgress(string text, bool isDone)
    {
        Status = Status with { Progress = isDone ? null : text };
        if (isDone)
            Note(text);
        else
            Advanced?.Invoke(text);
    }

    // The share of the run that was done before this process does not count for the rate.
    private readonly record struct RunProgress(long Started, double First, long Now, double Done)
    {
        public RunProgress With(long now, double done) => Started == 0 ? new(now, done, now, done) : this with { Now = now, Done = done };
    }
}

/// <summary>A table of results.</summary>
/// <param name="Headers">Headers of the columns; the first column is text, the others are numbers.</param>
/// <param name="Cells">Cells by row.</param>
public sealed record ResultRows(IReadOnlyList<string> Headers, IReadOnlyList<IReadOnlyList<string>> Cells);
