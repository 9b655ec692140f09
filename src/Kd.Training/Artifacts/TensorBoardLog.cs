using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using Google.Protobuf;
using Kd.Training.Artifacts.TensorBoard;

namespace Kd.Training.Artifacts;

/// <summary>Writes the epochs of a run as TensorBoard events.</summary>
/// <remarks>
/// A record is length, checksum, event, checksum; a checksum is CRC-32C, rotated by 15 bits and shifted by a constant.
/// Source: TensorFlow's record format (tensorflow/core/lib/io/record_writer).
/// </remarks>
internal sealed class TensorBoardLog : IDisposable
{
    private const string Pattern = "events.out.tfevents.*";
    private readonly FileStream _file;
    private readonly TimeProvider _time;

    /// <summary>Starts a new file with the finished epochs, since a run that continues from a checkpoint repeats some.</summary>
    /// <param name="folder">Folder of the run.</param>
    /// <param name="finished">The finished epochs.</param>
    /// <param name="time">The clock.</param>
    public TensorBoardLog(string folder, IEnumerable<EpochMetrics> finished, TimeProvider time)
    {
        _time = time;
        foreach (var old in Directory.GetFiles(folder, Pattern))
            File.Delete(old);
        var name = string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{time.GetUtcNow().ToUnixTimeSeconds()}.{Environment.MachineName}");
        _file = new FileStream(Path.Combine(folder, name), FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
        Write(new Event { WallTime = Now(), FileVersion = "brain.Event:2" });
        foreach (var epoch in finished)
            Append(epoch);
    }

    /// <summary>Adds an epoch.</summary>
    public void Append(EpochMetrics metrics)
    {
        var summary = new Summary();
        Add("loss/training", metrics.Loss);
        Add("accuracy/validation", metrics.ValidationAccuracy);
        Add("speed/images per second", metrics.ImagesPerSecond);
        Add("speed/wait seconds", metrics.WaitSeconds);
        Add("teacher/cache hits", metrics.CacheHits);
        Add("teacher/computed", metrics.TeacherComputed);
        Add("curriculum/temperature", metrics.Temperature);
        Add("curriculum/threshold", metrics.Threshold);
        Add("curriculum/size", metrics.Size);
        Add("curriculum/difficulty", metrics.Difficulty);
        Add("curriculum/reward", metrics.Reward);
        Write(
            new Event
            {
                WallTime = Now(),
                Step = metrics.Epoch,
                Summary = summary,
            }
        );

        void Add(string tag, double? value)
        {
            if (value is { } number)
                summary.Value.Add(new Summary.Types.Value { Tag = tag, SimpleValue = (float)number });
        }
    }

    public void Dispose() => _file.Dispose();

    private void Write(Event record)
    {
        var data = record.ToByteArray();
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, data.Length);
        _file.Write(length);
        WriteChecksum(length);
        _file.Write(data);
        WriteChecksum(data);
        _file.Flush();
    }

    private void WriteChecksum(ReadOnlySpan<byte> data)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, MaskedChecksum(data));
        _file.Write(bytes);
    }

    /// <summary>Computes CRC-32C (Castagnoli), masked as the format requires.</summary>
    internal static uint MaskedChecksum(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
            crc = BitOperations.Crc32C(crc, value);
        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8;
    }

    private double Now() => _time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0;
}
