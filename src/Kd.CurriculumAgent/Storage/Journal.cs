using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Kd.Core.Files;
using Kd.CurriculumAgent.Decisions;

namespace Kd.CurriculumAgent.Storage;

/// <summary>Stores the start and the reports of a run as lines of a file, each with version and checksum.</summary>
/// <param name="path">Path of the file.</param>
internal sealed class Journal(string path)
{
    private const int Current = 3;

    /// <summary>Path of the file.</summary>
    public string Path => path;

    /// <summary>Appends a line and flushes it to the disk.</summary>
    /// <exception cref="IOException">It cannot be written, for example since the disk is full; the journal is as it was.</exception>
    public void Append(RunSettings? start, EpochResult? report)
    {
        var line = new Line(Current, start, report, null);
        AtomicFile.Append(path, [.. JsonSerializer.SerializeToUtf8Bytes(line with { Sum = Checksum(line) }), (byte)'\n']);
    }

    /// <summary>Reads all complete lines. A last line without its line break, whose answer was never sent, is cut off the file.</summary>
    /// <exception cref="AgentStateException">A complete line is damaged or of another version.</exception>
    public IReadOnlyList<(RunSettings? Start, EpochResult? Report)> Read()
    {
        var bytes = File.ReadAllBytes(path);
        var complete = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        if (complete < bytes.Length)
            Cut(complete);
        var text = Encoding.UTF8.GetString(bytes, 0, complete);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select((line, index) => Parse(line, index + 1))];
    }

    // The complete lines stay where they are on the disk.
    private void Cut(int length)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Write);
        file.SetLength(length);
        file.Flush(flushToDisk: true);
    }

    private (RunSettings?, EpochResult?) Parse(string text, int number)
    {
        try
        {
            var line = JsonSerializer.Deserialize<Line>(text);
            // The first version had neither a number nor a checksum.
            if (
                line is { Version: 0 or null, Sum: null } or { Version: Current }
                && (line.Version is not Current || line.Sum == Checksum(line with { Sum = null }))
            )
                return (line.Start, line.Report);
            throw new AgentStateException(
                $"The journal '{path}' is {(line?.Version is Current ? "damaged" : $"of version {line?.Version}, known is {Current},")} in line {number}; "
                    + "move it away to forget its run."
            );
        }
        catch (JsonException error)
        {
            throw new AgentStateException($"The journal '{path}' is damaged in line {number}; move it away to forget its run.", error);
        }
    }

    private static string Checksum(Line line) => Convert.ToHexStringLower(XxHash64.Hash(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(line))));

    private sealed record Line(int? Version, RunSettings? Start, EpochResult? Report, string? Sum);
}
