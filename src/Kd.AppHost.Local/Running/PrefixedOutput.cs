namespace Aspire.Hosting.Running;

/// <summary>Writes the lines of several processes to one terminal, each with its source in front. A line that may be replaced is written in place.</summary>
/// <param name="output">The terminal.</param>
/// <param name="width">Width of the names.</param>
/// <param name="isTerminal">Whether a line can be replaced by the next one.</param>
/// <param name="columns">Width of the terminal: a line that is to be replaced must not go on in the next row.</param>
internal sealed class PrefixedOutput(TextWriter output, int width, bool isTerminal = false, Func<int>? columns = null)
{
    /// <summary>Begins a line that the next one may replace: erase to the end of the line.</summary>
    public const string InPlace = "\u001b[K";

    private readonly Lock _gate = new();
    private bool _stands;

    /// <summary>Whether children may send lines that are replaced.</summary>
    public bool IsTerminal => isTerminal;

    public void Write(string source, string line)
    {
        var replaceable = line.StartsWith(InPlace, StringComparison.Ordinal);
        var text = $"{source.PadRight(width)} | {(replaceable ? line[InPlace.Length..] : line)}";
        lock (_gate)
        {
            if (replaceable && isTerminal && columns?.Invoke() is > 1 and var most && text.Length >= most)
                text = text[..(most - 1)];
            if (_stands)
                output.Write('\r');
            output.Write(isTerminal ? text + InPlace : text);
            if (!(_stands = replaceable && isTerminal))
                output.WriteLine();
            output.Flush();
        }
    }
}
