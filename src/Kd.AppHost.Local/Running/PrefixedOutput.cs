namespace Aspire.Hosting.Running;

/// <summary>Writes the lines of several processes to one terminal, each with its source in front.</summary>
/// <param name="output">The terminal.</param>
/// <param name="width">Width of the names.</param>
internal sealed class PrefixedOutput(TextWriter output, int width)
{
    private readonly Lock _gate = new();

    public void Write(string source, string line)
    {
        lock (_gate)
        {
            output.WriteLine($"{source.PadRight(width)} | {line}");
            output.Flush();
        }
    }
}
