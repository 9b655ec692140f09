using System.Globalization;
using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using Kd.Core.Files;
using Kd.Training.Diagnostics;
using Kd.Vision.Checkpoints;

namespace Kd.Training.Artifacts;

/// <summary>
/// Keeps the last two checkpoints of a run as safetensors files with a checksum. A file is written under another name, flushed and renamed, so that one
/// of them is always complete.
/// </summary>
internal sealed class CheckpointStore(RunFolder folder)
{
    /// <summary>File of a run's last checkpoint.</summary>
    public const string FileName = "checkpoint.safetensors";

    /// <summary>File of the checkpoint before it.</summary>
    public const string PreviousName = "checkpoint.previous.safetensors";

    private const string StateKey = "kd.state";
    private const string ChecksumKey = "kd.checksum";
    private readonly string _last = Path.Combine(folder.Path, FileName);
    private readonly string _previous = Path.Combine(folder.Path, PreviousName);

    /// <summary>Saves a checkpoint; the last one becomes the previous one.</summary>
    /// <exception cref="TrainingException">The checkpoint cannot be written; the existing ones are intact.</exception>
    public void Save(RunState state, IReadOnlyDictionary<string, TensorData> tensors)
    {
        var text = JsonSerializer.Serialize(state);
        var aside = _last + ".new";
        try
        {
            SafetensorsFile.Write(aside, tensors, new Dictionary<string, string> { [StateKey] = text, [ChecksumKey] = Checksum(text, tensors) });
            if (File.Exists(_last))
                File.Move(_last, _previous, overwrite: true);
            AtomicFile.Move(aside, _last);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TrainingException(
                $"The checkpoint '{_last}' cannot be written: {error.Message} The previous one is intact; free disk space and start the same command again.",
                error
            );
        }
    }

    /// <summary>Loads the newest intact checkpoint; null if there is none.</summary>
    /// <param name="note">Receives a message about a damaged checkpoint.</param>
    /// <exception cref="TrainingException">All checkpoints are damaged: a new run would overwrite them.</exception>
    /// <exception cref="CheckpointException">A checkpoint cannot be read; it may be intact.</exception>
    public (RunState State, Checkpoint Checkpoint)? Load(Action<string> note)
    {
        var existing = new[] { _last, _previous }.Where(Exists).ToList();
        CheckpointException? damage = null;
        foreach (var path in existing)
        {
            try
            {
                var loaded = Read(path);
                if (damage is not null)
                    note($"{damage.Message} It is ignored; the previous one is used.");
                return loaded;
            }
            catch (CheckpointException error) when (error.IsDamaged)
            {
                damage ??= error;
            }
        }

        return damage is null
            ? null
            : throw new TrainingException(
                $"{damage.Message} The run in '{folder.Path}' has no other intact checkpoint. "
                    + "Restore one, or start over with Run:Resume=never or another Run:Id.",
                damage
            );
    }

    // File.Exists is also false where the folder cannot be read at the moment.
    private static bool Exists(string path)
    {
        try
        {
            File.GetAttributes(path);
            return true;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(path, $"it cannot be read ({error.Message})", error);
        }
    }

    private static (RunState, Checkpoint) Read(string path)
    {
        var checkpoint = Checkpoint.Read(path);
        if (!checkpoint.Metadata.TryGetValue(StateKey, out var text) || !checkpoint.Metadata.TryGetValue(ChecksumKey, out var checksum))
            throw new CheckpointException(path, "it is not a checkpoint of a run");
        if (checksum != Checksum(text, checkpoint.Tensors))
            throw new CheckpointException(path, "its checksum is wrong");
        return (Parse(path, text), checkpoint);
    }

    private static RunState Parse(string path, string text)
    {
        try
        {
            return JsonSerializer.Deserialize<RunState>(text) ?? throw new CheckpointException(path, "its state is empty");
        }
        catch (JsonException error)
        {
            throw new CheckpointException(path, $"its state is not what this version writes ({error.Message})", error);
        }
    }

    private static string Checksum(string state, IReadOnlyDictionary<string, TensorData> tensors)
    {
        var hash = new XxHash128();
        hash.Append(Encoding.UTF8.GetBytes(state));
        foreach (var (name, tensor) in tensors.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            hash.Append(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{name} {tensor.Type} {tensor.ShapeText}")));
            hash.Append(tensor.Bytes.Span);
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
