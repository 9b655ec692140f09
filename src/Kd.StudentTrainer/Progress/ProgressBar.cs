using System.Globalization;

namespace Kd.StudentTrainer.Progress;

/// <summary>Tells how far a piece of work is, as a line of text with a bar, rate and time left.</summary>
internal sealed class ProgressBar
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

    /// <param name="name">What is done.</param>
    /// <param name="total">How many units of it there are.</param>
    /// <param name="unit">What they are.</param>
    /// <param name="show">Gets the text, and whether the work is done with it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="first">Units that were done before; the rate does not count them.</param>
    public ProgressBar(string name, long total, string unit, Action<string, bool> show, TimeProvider time, long first = 0)
    {
        (_name, _total, _unit, _show, _time, _first) = (name, total, unit, show, time, first);
        _started = _shown = time.GetTimestamp();
    }

    /// <summary>Shows how far it is, as often as is good for the eye; safe on any thread.</summary>
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
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{_name} [{bar}] {100 * share:F0}%  {done}/{_total} {_unit}  {rate:G3}/s  {(done < _total ? $"left {left}" : $"in {FormatTime(TimeSpan.FromSeconds(elapsed))}")}{(detail.Length > 0 ? "  " + detail : "")}"
        );
    }

    /// <summary>A line that is to be replaced must not go on in the next row; 0 columns: the terminal does not say.</summary>
    internal static string Fit(string line, int columns) => columns > 1 && line.Length >= columns ? line[..(columns - 1)] : line;

    internal static string FormatTime(TimeSpan time) => time.ToString(time.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture);
}
