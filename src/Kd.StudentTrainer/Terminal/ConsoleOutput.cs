using Kd.Training.Control;
using Spectre.Console;

namespace Kd.StudentTrainer.Terminal;

/// <summary>Writes the monitor's lines, progress and result table to the terminal.</summary>
/// <param name="monitor">The monitor.</param>
/// <param name="output">The terminal.</param>
/// <param name="time">The clock.</param>
/// <param name="isTerminal">Whether a line can be replaced by the next one.</param>
internal sealed class ConsoleOutput(RunMonitor monitor, TextWriter output, TimeProvider time, bool isTerminal) : IHostedService
{
    private const int TableWidth = 170;
    private const string EraseToEndOfLine = "\u001b[K";
    private static readonly TimeSpan s_betweenProgressLines = TimeSpan.FromSeconds(15);
    private readonly Lock _gate = new();
    private long _lastLine = time.GetTimestamp();

    /// <summary>Subscribes to the monitor.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        monitor.LineAdded += WriteLine;
        monitor.Advanced += WriteProgress;
        monitor.Completed += WriteTable;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // On a terminal the line is replaced in place; elsewhere a line is written every few seconds.
    private void WriteProgress(string text)
    {
        lock (_gate)
        {
            if (isTerminal)
            {
                output.Write($"\r{ProgressBar.Fit(text, Console.WindowWidth)}{EraseToEndOfLine}");
                output.Flush();
            }
            else if (time.GetElapsedTime(_lastLine) >= s_betweenProgressLines)
            {
                WriteLine(text);
            }
        }
    }

    private void WriteLine(string text)
    {
        lock (_gate)
        {
            _lastLine = time.GetTimestamp();
            // Overwrites a progress bar that may be shown.
            output.WriteLine(isTerminal ? $"\r{text}{EraseToEndOfLine}" : text);
            output.Flush();
        }
    }

    private void WriteTable(ResultRows rows)
    {
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
        console.Profile.Width = TableWidth;
        var table = new Table { Border = TableBorder.Ascii2 };
        foreach (var (index, header) in rows.Headers.Index())
            table.AddColumn(new TableColumn(header) { Alignment = index == 0 ? Justify.Left : Justify.Right, NoWrap = true });
        foreach (var cells in rows.Cells)
            table.AddRow([.. cells]);
        console.Write(table);
        WriteLine("");
        foreach (var line in text.ToString().TrimEnd().Split('\n'))
            WriteLine(line);
    }
}
