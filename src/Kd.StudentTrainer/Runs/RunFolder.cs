using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Kd.Core.Files;
using Kd.StudentTrainer.Training;

namespace Kd.StudentTrainer.Runs;

/// <summary>The folder of a run: resolved configuration, metrics, weights, result.</summary>
internal sealed class RunFolder : IDisposable
{
    /// <summary>The resolved settings.</summary>
    public const string ConfigurationFile = "config.json";

    /// <summary>The result of a run of one method.</summary>
    public const string ResultFile = "result.json";

    /// <summary>The test of a run's best weights: confusion matrix, calibration.</summary>
    public const string EvaluationFile = "evaluation.json";

    /// <summary>The last epoch's hardest and easiest samples, with pictures.</summary>
    public const string SamplesFile = "samples.json";

    /// <summary>The table of a study, written at its end.</summary>
    public const string TableFile = "study.md";

    private FileStream? _lock;

    private static readonly JsonSerializerOptions s_line = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>How JSON files are written.</summary>
    internal static JsonSerializerOptions Page { get; } = new(s_line) { WriteIndented = true };

    private RunFolder(string path) => Path = path;

    /// <summary>Full path.</summary>
    public string Path { get; }

    /// <summary>Weights of the epoch with the best validation accuracy.</summary>
    public string BestWeights => File("student.safetensors");

    /// <summary>The same weights for ONNX Runtime.</summary>
    public string OnnxPath => File("student.onnx");

    /// <summary>Weights of the last finished epoch.</summary>
    public string LastWeights => File("last.safetensors");

    /// <summary>Whether the run or study has ended.</summary>
    public bool IsFinished => System.IO.File.Exists(File(ResultFile)) || System.IO.File.Exists(File(TableFile));

    /// <exception cref="TrainingException">The folder cannot be created.</exception>
    public static RunFolder Open(string path)
    {
        try
        {
            return new RunFolder(Directory.CreateDirectory(path).FullName);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException(
                $"The run folder '{System.IO.Path.GetFullPath(path)}' cannot be created: {error.Message}. Set Run:Folder to a folder that can be written.",
                error
            );
        }
    }

    /// <summary>Keeps other processes out until this is disposed or the process ends.</summary>
    public bool TryLock()
    {
        try
        {
            _lock = new FileStream(File("lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public void Dispose() => _lock?.Dispose();

    /// <summary>The folder of a part of this run.</summary>
    public RunFolder Sub(string name) => Open(File(name));

    /// <summary>Keeps the lines of the epochs before one: a run that goes on from there writes the others again.</summary>
    public void KeepMetrics(int epochs) =>
        Guard(() =>
        {
            if (System.IO.File.Exists(File("metrics.jsonl")))
                WriteText("metrics.jsonl", string.Concat(System.IO.File.ReadLines(File("metrics.jsonl")).Take(epochs).Select(line => line + "\n")));
        });

    /// <summary>The lines of metrics.jsonl.</summary>
    public IReadOnlyList<EpochMetrics> ReadMetrics() =>
        System.IO.File.Exists(File("metrics.jsonl")) ? ParseMetrics(System.IO.File.ReadLines(File("metrics.jsonl"))) : [];

    /// <summary>Lines of a metrics.jsonl.</summary>
    /// <exception cref="JsonException">A line is not whole.</exception>
    public static IReadOnlyList<EpochMetrics> ParseMetrics(IEnumerable<string> lines) =>
        [.. lines.Select(line => JsonSerializer.Deserialize<EpochMetrics>(line, s_line)!)];

    /// <summary>Adds a line to metrics.jsonl.</summary>
    public void AppendMetrics<T>(T metrics) =>
        Guard(() => System.IO.File.AppendAllText(File("metrics.jsonl"), JsonSerializer.Serialize(metrics, s_line) + "\n"));

    /// <summary>Writes a JSON file, replacing an existing one only when the new one is whole.</summary>
    public void WriteJson<T>(string name, T value) => WriteText(name, JsonSerializer.Serialize(value, Page) + "\n");

    /// <summary>Writes a text file, replacing an existing one only when the new one is whole.</summary>
    public void WriteText(string name, string text) => WriteBytes(name, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes a file, replacing an existing one only when the new one is whole.</summary>
    public void WriteBytes(string name, byte[] content) => Guard(() => AtomicFile.Write(File(name), file => file.Write(content)));

    /// <summary>Reads a JSON file of this folder, or gives null where there is none.</summary>
    public T? ReadJson<T>(string name)
        where T : class => System.IO.File.Exists(File(name)) ? JsonSerializer.Deserialize<T>(System.IO.File.ReadAllText(File(name)), Page) : null;

    /// <summary>Runs something that writes here; a full disk or a lost permission becomes a clear end of the run.</summary>
    public void Guard(Action write)
    {
        try
        {
            write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException($"Writing to the run folder '{Path}' failed: {error.Message} What was written before is intact.", error);
        }
    }

    private string File(string name) => System.IO.Path.Combine(Path, name);
}
