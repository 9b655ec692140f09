using System.Text.RegularExpressions;

namespace Kd.AppHost.Terminal;

/// <summary>Writes the lines of several services to one terminal, each after the name of its service, above a progress line that is replaced.</summary>
/// <param name="output">The terminal.</param>
/// <param name="isTerminal">Whether a line can be replaced; otherwise no progress is shown.</param>
/// <param name="columns">Gets the width of the terminal: a line that is replaced must not wrap.</param>
internal sealed partial class PrefixedOutput(TextWriter output, bool isTerminal, Func<int> columns)
{
    private const string EraseToEndOfLine = "\u001b[K";
    private readonly Lock _gate = new();
    private int _width = 7;
    private string? _progress;
    private bool _isClosed;

    /// <summary>Writes a line.</summary>
    /// <param name="source">Name of the service; null: the line has no prefix.</param>
    /// <param name="line">The text.</param>
    public void WriteLine(string? source, string line)
    {
        lock (_gate)
        {
            if (_isClosed)
                return;
            EraseProgress();
            output.WriteLine(Prefix(source) + (isTerminal ? line : Color().Replace(line, "")));
            ShowProgress();
        }
    }

    /// <summary>Replaces the progress line; null removes it.</summary>
    public void SetProgress(string source, string? text)
    {
        if (!isTerminal)
            return;
        lock (_gate)
        {
            EraseProgress();
            _progress = text is null || _isClosed ? null : Prefix(source) + text;
            ShowProgress();
        }
    }

    /// <summary>Removes the progress line and ignores all further output.</summary>
    public void Close()
    {
        lock (_gate)
        {
            EraseProgress();
            (_progress, _isClosed) = (null, true);
            output.Flush();
        }
    }

    private string Prefix(string? source)
    {
        if (source is null)
            return "";
        _width = Math.Max(_width, source.Length);
        return $"{source.PadRight(_width)} | ";
    }

    private void EraseProgress()
    {
        if (_progress is not null)
            output.Write("\r" + EraseToEndOfLine);
    }

    private void ShowProgress()
    {
        if (_progress is not null)
            output.Write(columns() is > 1 and var most && _progress.Length >= most ? _progress[..(most - 1)] : _progress);
        output.Flush();
    }

    [GeneratedRegex("\u001b\\[[0-9;]*m")]
    private static partial Regex Color();
}
