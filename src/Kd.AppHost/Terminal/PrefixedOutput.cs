using System.Text.RegularExpressions;

namespace Kd.AppHost.Terminal;

/// <summary>Writes the lines of several services to one terminal, each behind the name of its service, and one line of progress that is replaced in place.</summary>
/// <param name="output">The terminal.</param>
/// <param name="isTerminal">Whether a line can be replaced; elsewhere progress is left out.</param>
/// <param name="columns">Width of the terminal: a line that is replaced must not wrap.</param>
internal sealed partial class PrefixedOutput(TextWriter output, bool isTerminal, Func<int> columns)
{
    private const string EraseToEndOfLine = "\u001b[K";
    private readonly Lock _gate = new();
    private int _width = 7;
    private string? _progress;
    private bool _isClosed;

    /// <summary>Writes a line.</summary>
    /// <param name="source">Name of the service; null: none is shown.</param>
    /// <param name="line">The text.</param>
    public void WriteLine(string? source, string line)
    {
        lock (_gate)
        {
            if (_isClosed)
                return;
            Erase();
            output.WriteLine(Prefix(source) + (isTerminal ? line : Color().Replace(line, "")));
            Show();
        }
    }

    /// <summary>Shows how far a service is, in place of what was shown before; null: nothing more.</summary>
    public void SetProgress(string source, string? text)
    {
        if (!isTerminal)
            return;
        lock (_gate)
        {
            Erase();
            _progress = text is null || _isClosed ? null : Prefix(source) + text;
            Show();
        }
    }

    /// <summary>Writes nothing more.</summary>
    public void Close()
    {
        lock (_gate)
        {
            Erase();
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

    private void Erase()
    {
        if (_progress is not null)
            output.Write("\r" + EraseToEndOfLine);
    }

    private void Show()
    {
        if (_progress is not null)
            output.Write(columns() is > 1 and var most && _progress.Length >= most ? _progress[..(most - 1)] : _progress);
        output.Flush();
    }

    [GeneratedRegex("\u001b\\[[0-9;]*m")]
    private static partial Regex Color();
}
