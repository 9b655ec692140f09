using System.Globalization;

namespace Kd.Training.Control;

/// <summary>Formats the progress of some work as a line of text with a bar, rate and time left.</summary>
public sealed class ProgressBar
{
    private const int Width = 24;
    private static readonly TimeSpan s_betweenRedraws = TimeSpan.FromSeconds(0.2);
    private readonly Lock _gate = new();
    private readonly Action<string, bool> _show;
    private readonly TimeProvider _time;
    private readonly string _name,
        _unit;
    private readonly long _total,
        _started,
        _first;
    private long _shown;

    /// <summary>Starts the measurement of the rate.</summary>
    /// <param name="name">Name of the work.</param>
    /// <param name="total">Number of units.</param>
    /// <param name="unit">Name of a unit, in the plural.</param>
    /// <param name="show">Receives the text, and whether the work is done.</param>
    /// <param name="time">The clock.</param>
    /// <param name="first">Units that were done before, which do not count for the rate.</param>
    public ProgressBar(string name, long total, string unit, Action<string, bool> show, TimeProvider time, long first = 0)
    {
        (_name, _total, _unit, _show, _time, _first) = (name, total, unit, show, time, first);
        _started = _shown = time.GetTimestamp();
    }

    /// <summary>Shows the progress, at most every 0.2 s until the work is done; safe on any thread.</summary>
    public void Report(long done, string detail = "")
    {
        lock (_gate)
        {
            if (done < _total && _time.GetElapsedTime(_shown) < s_betweenRedraws)
                return;
            _shown = _time.GetTimestamp();
            _show(Format(done, detail), done >= _total);
        }
    }

    private string Format(long done, string detail)
    {
        var elapsed = _time.GetElapsedTime(_started).TotalSeconds;
        var rate = elapsed > 0 ? (done - _first) / elapsed : 0;
        var share = _total == 0 ? 1 : (double)done / _total;
        var bar = new string('#', (int)(share * Width)).PadRight(Width, '.');
        var left = rate > 0 ? FormatTime(TimeSpan.FromSeconds((_total - done) / rate)) : "?";
        var duration = done < _total ? $"left {left}" : $"in {FormatTime(TimeSpan.FromSeconds(elapsed))}";
        var end = detail.Length > 0 ? "  " + detail : "";
        return string.Create(CultureInfo.InvariantCulture, $"{_name} [{bar}] {100 * share:F0}%  {done}/{_total} {_unit}  {rate:G3}/s  {duration}{end}");
    }

    /// <summary>Truncates a line that will be replaced, which must not wrap; 0 columns: the width is unknown.</summary>
    internal static string Fit(string line, int columns) => columns > 1 && line.Length >= columns ? line[..(columns - 1)] : line;

    /// <summary>Formats a duration as m:ss or h:mm:ss.</summary>
    internal static string FormatTime(TimeSpan time) => time.ToString(time.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture);
}
