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
    public void Append(RunSettings? start, EpochResult? report)
    {
        var line = new Line(Current, start, report, null);
        using var file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        file.Write(JsonSerializer.SerializeToUtf8Bytes(line with { Sum = Checksum(line) }));
        file.WriteByte((byte)'\n');
        file.Flush(flushToDisk: true);
    }

    /// <summary>Reads all complete lines. A last line without its line break was cut off by a crash before its answer was sent; it is removed.</summary>
    /// <exception cref="AgentStateException">A complete line is damaged or of another version.</exception>
    public IReadOnlyList<(RunSettings? Start, EpochResult? Report)> Read()
    {
        var text = File.ReadAllText(path);
        var completeLength = text.LastIndexOf('\n') + 1;
        if (completeLength < text.Length)
            AtomicFile.Write(path, file => file.Write(Encoding.UTF8.GetBytes(text[..completeLength])));
        return [.. text[..completeLength].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select((line, index) => Parse(line, index + 1))];
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
