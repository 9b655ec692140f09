using System.Globalization;

namespace Kd.StudentTrainer.Progress;

/// <summary>How far a piece of work is: a bar in place on a terminal, a plain line now and then elsewhere.</summary>
internal sealed class ProgressBar : IDisposable
{
    /// <summary>Set by a host whose own output is a terminal: it shows lines that begin with <see cref="InPlace"/> in place.</summary>
    public const string TerminalVariable = "KD_TERMINAL";

    /// <summary>Begins a line that the next one may replace.</summary>
    public const string InPlace = "\u001b[K";

    private const int Width = 24;
    private static readonly TimeSpan s_betweenRedraws = TimeSpan.FromSeconds(0.2);
    private static readonly TimeSpan s_betweenLines = TimeSpan.FromSeconds(15);
    private readonly Lock _gate = new();
    private readonly Action<string, bool> _write;
    private readonly TimeProvider _time;
    private readonly string _name, _unit;
    private readonly long _total, _started, _first;
    private long _shown;

    /// <param name="name">What is done.</param>
    /// <param name="total">How many units of it there are.</param>
    /// <param name="unit">What they are.</param>
    /// <param name="isTerminal">Whether lines can be replaced.</param>
    /// <param name="write">Writes a line; true: it may be replaced.</param>
    /// <param name="time">The clock.</param>
    /// <param name="first">Units that were done before; the rate does not count them.</param>
    public ProgressBar(string name, long total, string unit, bool isTerminal, Action<string, bool> write, TimeProvider time, long first = 0)
    {
        (_name, _total, _unit, IsTerminal, _write, _time, _first) = (name, total, unit, isTerminal, write, time, first);
        _started = _shown = time.GetTimestamp();
    }

    private bool IsTerminal { get; }

    /// <summary>Shows how far it is, as often as is good for the eye; safe on any thread.</summary>
    public void Report(long done, string detail = "")
    {
        lock (_gate)
        {
            if (done < _total && _time.GetElapsedTime(_shown) < (IsTerminal ? s_betweenRedraws : s_betweenLines))
                return;
            _shown = _time.GetTimestamp();
            _write(Format(done, detail), IsTerminal && done < _total);
        }
    }

    /// <summary>Leaves the last line as it is.</summary>
    public void Dispose() => _write("", true);

    private string Format(long done, string detail)
    {
        var elapsed = _time.GetElapsedTime(_started).TotalSeconds;
        var rate = elapsed > 0 ? (done - _first) / elapsed : 0;
        var share = _total == 0 ? 1 : (double)done / _total;
        var bar = new string('#', (int)(share * Width)).PadRight(Width, '.');
        var left = rate > 0 ? FormatTime(TimeSpan.FromSeconds((_total - done) / rate)) : "?";
        return string.Create(CultureInfo.InvariantCulture, $"{_name} [{bar}] {100 * share:F0}%  {done}/{_total} {_unit}  {rate:G3}/s  {(done < _total ? $"left {left}" : $"in {FormatTime(TimeSpan.FromSeconds(elapsed))}")}{(detail.Length > 0 ? "  " + detail : "")}");
    }

    /// <summary>A line that is to be replaced must not go on in the next row; 0 columns: the terminal does not say.</summary>
    internal static string Fit(string line, int columns) => columns > 1 && line.Length >= columns ? line[..(columns - 1)] : line;

    internal static string FormatTime(TimeSpan time) => time.ToString(time.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture);
}
