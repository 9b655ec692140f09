using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Kd.Core.Files;
using Kd.Settings;
using Kd.Training.Diagnostics;

namespace Kd.Training.Artifacts;

/// <summary>Reads and writes the folder of a run: settings, metrics, weights, result.</summary>
public sealed class RunFolder : IDisposable
{
    /// <summary>File of the resolved settings.</summary>
    public const string ConfigurationFile = SharedNames.RunConfiguration;

    /// <summary>File with a line of JSON for each epoch.</summary>
    public const string MetricsFile = "metrics.jsonl";

    /// <summary>File of the result of a run of one method.</summary>
    public const string ResultFile = SharedNames.RunResult;

    /// <summary>File of the evaluation of a run's best weights on the test images: confusion matrix, calibration.</summary>
    public const string EvaluationFile = "evaluation.json";

    /// <summary>File of the last epoch's hardest and easiest samples, with pictures.</summary>
    public const string SamplesFile = "samples.json";

    /// <summary>File of the finished rows of a study.</summary>
    public const string StudyFile = "study.json";

    /// <summary>File of a study's table, written at its end.</summary>
    public const string TableFile = "study.md";

    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(20);
    private FileStream? _lock;

    private static readonly JsonSerializerOptions s_lineOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Options of indented JSON files.</summary>
    internal static JsonSerializerOptions JsonOptions { get; } = new(s_lineOptions) { WriteIndented = true };

    private RunFolder(string path) => Path = path;

    /// <summary>Full path.</summary>
    public string Path { get; }

    /// <summary>Weights of the epoch with the best validation accuracy.</summary>
    public string BestWeights => PathOf(SharedNames.StudentWeights);

    /// <summary>The same weights as an ONNX file.</summary>
    public string OnnxPath => PathOf("student.onnx");

    /// <summary>Weights of the last finished epoch.</summary>
    public string LastWeights => PathOf("last.safetensors");

    /// <summary>Whether the run or study has ended.</summary>
    public bool IsFinished => File.Exists(PathOf(ResultFile)) || File.Exists(PathOf(TableFile));

    /// <summary>Opens a folder, and creates it if it does not exist.</summary>
    /// <exception cref="TrainingException">The folder cannot be created.</exception>
    public static RunFolder Open(string path)
    {
        try
        {
            return new RunFolder(PrivateFolder.Create(path).FullName);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException(
                $"The run folder '{System.IO.Path.GetFullPath(path)}' cannot be created: {error.Message}. Set Run:Folder to a writable folder.",
                error
            );
        }
    }

    /// <summary>Locks the folder against other processes until this is disposed or the process ends.</summary>
    public bool TryLock()
    {
        try
        {
            _lock = new FileStream(PathOf("lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Whether this object has locked the folder.</summary>
    public bool IsLocked => _lock is not null;

    /// <summary>Deletes what a run, or the runs of a study, could be continued from, and their results.</summary>
    public void StartOver() =>
        Guard(() =>
        {
            foreach (var name in new[] { CheckpointStore.FileName, CheckpointStore.PreviousName, ResultFile, StudyFile, TableFile })
            {
                foreach (var file in Directory.EnumerateFiles(Path, name, SearchOption.AllDirectories).ToList())
                    File.Delete(file);
            }
        });

    /// <summary>Writes while no other process does so: for the files of a folder whose runs processes share, since a file has one writer at a time.</summary>
    public void WriteAlone(Action write)
    {
        using var held = WaitForWriters();
        write();
    }

    /// <summary>Releases the lock.</summary>
    public void Dispose() => _lock?.Dispose();

    /// <summary>Opens a folder inside this one.</summary>
    public RunFolder OpenSubfolder(string name) => Open(PathOf(name));

    /// <summary>Truncates metrics.jsonl to a number of epochs: a run that continues from there writes the others again.</summary>
    /// <returns>Number of epochs that are left: fewer if lines were lost with the power.</returns>
    public int TruncateMetrics(int epochs)
    {
        var path = PathOf(MetricsFile);
        if (!File.Exists(path))
            return 0;
        List<string> whole = [];
        Guard(() => whole = [.. File.ReadLines(path).TakeWhile(line => Parse(line) is not null).Take(epochs)]);
        WriteText(MetricsFile, string.Concat(whole.Select(line => line + "\n")));
        return whole.Count;
    }

    /// <summary>Reads metrics.jsonl; empty if there is none.</summary>
    public IReadOnlyList<EpochMetrics> ReadMetrics() => File.Exists(PathOf(MetricsFile)) ? ParseMetrics(File.ReadLines(PathOf(MetricsFile))) : [];

    /// <summary>Parses the lines of a metrics.jsonl, up to the first that is incomplete: the power failed while it was written.</summary>
    public static IReadOnlyList<EpochMetrics> ParseMetrics(IEnumerable<string> lines) => [.. lines.Select(Parse).TakeWhile(line => line is not null)!];

    /// <summary>Adds a line to metrics.jsonl.</summary>
    public void AppendMetrics<T>(T metrics) =>
        Guard(() => AtomicFile.Append(PathOf(MetricsFile), [.. JsonSerializer.SerializeToUtf8Bytes(metrics, s_lineOptions), (byte)'\n']));

    /// <summary>Writes a JSON file, replacing an existing one only when the new one is complete.</summary>
    public void WriteJson<T>(string name, T value) =>
        Guard(() =>
            AtomicFile.Write(
                PathOf(name),
                file =>
                {
                    // Not a string: the confusion matrix of many classes is longer than one may be.
                    JsonSerializer.Serialize(file, value, JsonOptions);
                    file.WriteByte((byte)'\n');
                }
            )
        );

    /// <summary>Writes a text file, replacing an existing one only when the new one is complete.</summary>
    public void WriteText(string name, string text) => WriteBytes(name, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes a file, replacing an existing one only when the new one is complete.</summary>
    public void WriteBytes(string name, byte[] content) => Guard(() => AtomicFile.Write(PathOf(name), file => file.Write(content)));

    /// <summary>Reads a JSON file of this folder; null if it does not exist.</summary>
    /// <param name="name">The file.</param>
    /// <param name="note">Receives a message if the file is damaged; it is then set aside, so that nothing is lost.</param>
    /// <param name="isWhole">Whether nothing is missing in a content; null: it cannot tell.</param>
    /// <exception cref="JsonException">The file is damaged, and there is no <paramref name="note"/>.</exception>
    public T? ReadJson<T>(string name, Action<string>? note = null, Func<T, bool>? isWhole = null)
        where T : class
    {
        if (!File.Exists(PathOf(name)))
            return null;
        try
        {
            var content = JsonSerializer.Deserialize<T>(File.ReadAllText(PathOf(name)), JsonOptions);
            return content is null || isWhole?.Invoke(content) != false ? content : throw new JsonException("values are missing");
        }
        catch (JsonException error) when (note is not null)
        {
            var aside = name + ".damaged";
            Guard(() => AtomicFile.Move(PathOf(name), PathOf(aside)));
            note($"'{PathOf(name)}' cannot be read ({error.Message}); it is kept as {aside}");
            return null;
        }
    }

    /// <summary>Runs an action that writes to this folder, and turns I/O errors, such as a full disk, into an error with an explanation.</summary>
    /// <exception cref="TrainingException">The action failed.</exception>
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

    private static EpochMetrics? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<EpochMetrics>(line, s_lineOptions);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private FileStream WaitForWriters()
    {
        var path = PathOf("writing");
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(path))
            {
                CancellationToken.None.WaitHandle.WaitOne(s_poll);
            }
        }
    }

    /// <summary>Gets the path of a file in this folder.</summary>
    public string PathOf(string name) => System.IO.Path.Combine(Path, name);
}
