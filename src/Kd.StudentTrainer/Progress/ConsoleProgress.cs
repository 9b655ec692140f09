using System.Globalization;
using Kd.StudentTrainer.Runs;
using Kd.StudentTrainer.Steering;
using Spectre.Console;

namespace Kd.StudentTrainer.Progress;

/// <summary>What the user sees of a run: a line an epoch, a line in between where an epoch is long, the table at the end.</summary>
/// <param name="output">Where lines go.</param>
/// <param name="time">The clock.</param>
/// <param name="isTerminal">Whether a line can be replaced by the next one.</param>
internal sealed class ConsoleProgress(TextWriter output, TimeProvider time, bool isTerminal = false)
{
    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(15);
    private const int Kept = 500;
    private const string EraseToEndOfLine = "\u001b[K";
    private readonly Queue<string> _lines = [];
    private long _lastLine = time.GetTimestamp();
    private RunStatus _status = RunStatus.Starting;
    private ProgressBar? _bar;
    private RunShare _share;
    private long _written;

    public void Note(string text) => WriteLine(text);

    public void Error(string text) => WriteLine("error: " + text);

    /// <summary>Begins to show how far a piece of work is.</summary>
    public ProgressBar Begin(string name, long total, string unit, long first = 0) => new(name, total, unit, ShowProgress, time, first);

    /// <summary>The next run is one of a study; 0 of 0: of none.</summary>
    public void Place(int run, int runs) => Status = Status with { Run = run, Runs = runs };

    public void RunStarts(string method, int epochs, long parameters, string folder)
    {
        (_bar, _share) = (null, default);
        Status = new RunStatus("running", method, 1, epochs, 0, 0, null, null, null, null, folder, Status.Run, Status.Runs);
        WriteLine($"{method}: {epochs} epochs, student with {parameters} parameters");
    }

    public void StepEnds(string method, int epoch, int epochs, int step, int steps, double loss)
    {
        var (done, total) = ((long)epoch * steps + step, (long)epochs * steps);
        _share = _share.With(time.GetTimestamp(), (double)done / total);
        Status = Status with { Epoch = epoch + 1, Epochs = epochs, Step = step, Steps = steps, Loss = loss, SecondsLeft = SecondsLeft };
        _bar ??= Begin(method, total, "steps", done - 1);
        if (done < total)
            _bar.Report(done, string.Create(CultureInfo.InvariantCulture, $"epoch {epoch + 1}/{epochs}  loss {loss:F3}"));
    }

    public void EpochEnds(string method, int epochs, EpochMetrics metrics)
    {
        _share = _share.With(time.GetTimestamp(), (metrics.Epoch + 1.0) / epochs);
        Status = Status with { Loss = metrics.Loss, ValidationAccuracy = metrics.ValidationAccuracy, SecondsLeft = SecondsLeft };
        var asked = metrics.CacheHits + metrics.TeacherComputed;
        var cache = asked == 0 ? "" : $"  cache hits {100.0 * metrics.CacheHits / asked:F0}%";
        var curriculum = metrics.Threshold is null ? "" : $"  T {metrics.Temperature:F1} threshold {metrics.Threshold:F2} reward {metrics.Reward:F1}";
        WriteLine(
            $"{method}  epoch {metrics.Epoch + 1}/{epochs}  loss {metrics.Loss:F3}  accuracy {metrics.ValidationAccuracy:F1}%  {metrics.ImagesPerSecond:F0} images/s{cache}{curriculum}  left {Left()}"
        );
    }

    public void RowEnds(RunResult row) => WriteLine($"{row.Method}: {row.Correct} of {row.TestImages} test images right ({row.TestAccuracy:F2}%)");

    /// <summary>Shows the table at the end.</summary>
    public void Finish(IReadOnlyList<string> headers, IEnumerable<string[]> rows, string folder)
    {
        WriteLine("");
        var text = new StringWriter { NewLine = "\n" };
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Out = new AnsiConsoleOutput(text),
                Ansi = AnsiSupport.No,
                ColorSystem = ColorSystemSupport.NoColors,
                Interactive = InteractionSupport.No,
            }
        );
        console.Profile.Width = 170;
        var table = new Table { Border = TableBorder.Ascii2 };
        foreach (var (index, header) in headers.Index())
            table.AddColumn(new TableColumn(header) { Alignment = index == 0 ? Justify.Left : Justify.Right, NoWrap = true });
        foreach (var cells in rows)
            table.AddRow(cells);
        console.Write(table);
        foreach (var line in text.ToString().TrimEnd().Split('\n'))
            WriteLine(line);
        WriteLine($"run folder: {folder}");
        Ends("finished");
    }

    /// <summary>What was under way has ended.</summary>
    /// <param name="phase">How: finished, stopped, failed.</param>
    public void Ends(string phase) => Status = Status with { Phase = phase, SecondsLeft = null, Progress = null };

    private double? SecondsLeft =>
        _share.Done > _share.First ? time.GetElapsedTime(_share.Started, _share.Now).TotalSeconds * ((1 - _share.Done) / (_share.Done - _share.First)) : null;

    private string Left() => SecondsLeft is { } seconds ? ProgressBar.FormatTime(TimeSpan.FromSeconds(seconds)) : "?";

    /// <summary>Where the run is; safe on any thread.</summary>
    public RunStatus Status
    {
        get => Volatile.Read(ref _status);
        private set => Volatile.Write(ref _status, value);
    }

    /// <summary>The last lines, oldest first; safe on any thread.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    /// <summary>How many lines were written; safe on any thread.</summary>
    public long Written => Interlocked.Read(ref _written);

    // In place on a terminal, else a line now and then; the host and the page read it from the status.
    private void ShowProgress(string text, bool isDone)
    {
        Status = Status with { Progress = isDone ? null : text };
        if (!isDone && isTerminal)
        {
            output.Write($"\r{ProgressBar.Fit(text, Console.WindowWidth)}{EraseToEndOfLine}");
            output.Flush();
        }
        else if (isDone || time.GetElapsedTime(_lastLine) >= s_between)
        {
            WriteLine(text);
        }
    }

    private void WriteLine(string text)
    {
        _lastLine = time.GetTimestamp();
        lock (_lines)
        {
            _lines.Enqueue(text);
            Interlocked.Increment(ref _written);
            if (_lines.Count > Kept)
                _lines.Dequeue();
        }

        // Over a bar that stands there.
        output.WriteLine(isTerminal ? $"\r{text}{EraseToEndOfLine}" : text);
        output.Flush();
    }
}

/// <summary>How much of a run is done; what was done before this process began with it does not count for the rate.</summary>
internal readonly record struct RunShare(long Started, double First, long Now, double Done)
{
    public RunShare With(long now, double done) => Started == 0 ? new(now, done, now, done) : this with { Now = now, Done = done };
}
