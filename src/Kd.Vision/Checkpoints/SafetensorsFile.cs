using System.Buffers.Binary;
using System.Text.Json;
using Kd.Core.Files;
using static TorchSharp.torch;

namespace Kd.Vision.Checkpoints;

/// <summary>Reads and writes safetensors files: a length, a JSON header, and the tensors' bytes.</summary>
/// <remarks>Source: the format's specification in the README of huggingface/safetensors.</remarks>
public static class SafetensorsFile
{
    private const int LargestHeader = 100_000_000; // The limit of the reference implementation.
    private const string MetadataName = "__metadata__";

    private static readonly (string Name, ScalarType Type, int Size)[] s_types =
    [
        ("F64", ScalarType.Float64, 8),
        ("F32", ScalarType.Float32, 4),
        ("F16", ScalarType.Float16, 2),
        ("BF16", ScalarType.BFloat16, 2),
        ("I64", ScalarType.Int64, 8),
        ("I32", ScalarType.Int32, 4),
        ("I16", ScalarType.Int16, 2),
        ("I8", ScalarType.Int8, 1),
        ("U8", ScalarType.Byte, 1),
        ("BOOL", ScalarType.Bool, 1),
    ];

    /// <summary>Writes a file; an existing one is replaced only when the new one is complete.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="tensors">Names and tensors, written in this order.</param>
    /// <param name="metadata">Free text by key; <c>format</c> is added.</param>
    public static void Write(string path, IEnumerable<KeyValuePair<string, TensorData>> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        var entries = tensors.ToList();
        var header = WriteHeader(entries, metadata);
        AtomicFile.Write(
            path,
            file =>
            {
                Span<byte> length = stackalloc byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
                file.Write(length);
                file.Write(header);
                foreach (var (_, tensor) in entries)
                    file.Write(tensor.Bytes.Span);
            }
        );
    }

    internal static Checkpoint Read(string path)
    {
        using var file = File.OpenRead(path);
        var prefix = new byte[8];
        if (file.ReadAtLeast(prefix, 8, throwOnEndOfStream: false) < 8)
            throw new InvalidDataException($"{file.Length} bytes are too few for a weights file");
        var length = BinaryPrimitives.ReadInt64LittleEndian(prefix);
        if (length is < 2 or > LargestHeader || length > file.Length - 8)
            throw new InvalidDataException("its start is neither that of safetensors nor that of a PyTorch file");
        var header = new byte[length];
        file.ReadExactly(header);
        var described = new Dictionary<string, Description>();
        var metadata = new Dictionary<string, string>();
        using var json = Parse(header);
        var dataLength = file.Length - 8 - length;
        foreach (var entry in json.RootElement.EnumerateObject())
        {
            if (entry.NameEquals(MetadataName))
            {
                foreach (var text in entry.Value.EnumerateObject())
                    metadata[text.Name] = text.Value.GetString() ?? "";
            }
            else if (!described.TryAdd(entry.Name, Describe(entry, dataLength)))
            {
                throw new InvalidDataException($"its header has the name '{entry.Name}' twice");
            }
        }

        CheckLayout(described, dataLength);
        var data = described.ToDictionary(entry => entry.Key, entry => ReadTensor(file, 8 + length, entry.Value));
        return new Checkpoint(path, data, metadata);
    }

    // The format allows neither overlaps nor holes; with overlaps, a small file could fill any amount of memory.
    private static void CheckLayout(Dictionary<string, Description> described, long dataLength)
    {
        var end = 0L;
        foreach (var (name, description) in described.OrderBy(entry => entry.Value.Begin).ThenBy(entry => entry.Value.End))
        {
            if (description.Begin != end)
                throw new InvalidDataException(
                    $"its tensors {(description.Begin < end ? "overlap" : "leave a hole")}: '{name}' starts at byte {description.Begin}, expected {end}"
                );
            end = description.End;
        }

        if (end != dataLength)
            throw new InvalidDataException($"its tensors end at byte {end} of {dataLength} bytes of data");
    }

    private static JsonDocument Parse(byte[] header)
    {
        try
        {
            var json = JsonDocument.Parse(header);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
                return json;
            json.Dispose();
            throw new InvalidDataException("its safetensors header is not a JSON object");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException("its safetensors header is not valid JSON", error);
        }
    }

    private static TensorData ReadTensor(FileStream file, long dataStart, Description description)
    {
        var buffer = new byte[description.End - description.Begin];
        file.Position = dataStart + description.Begin;
        file.ReadExactly(buffer);
        return new TensorData(description.Type, description.Shape, buffer);
    }

    private static Description Describe(JsonProperty entry, long dataLength)
    {
        try
        {
            var typeName = entry.Value.GetProperty("dtype").GetString();
            var (_, type, size) = s_types.FirstOrDefault(known => known.Name == typeName);
            if (size == 0)
                throw new InvalidDataException(
                    $"'{entry.Name}' has the element type '{typeName}', expected one of {string.Join(", ", s_types.Select(known => known.Name))}"
                );
            var shape = entry.Value.GetProperty("shape").EnumerateArray().Select(item => item.GetInt64()).ToArray();
            var offsets = entry.Value.GetProperty("data_offsets");
            var (begin, end) = (offsets[0].GetInt64(), offsets[1].GetInt64());
            var bytes = checked(TensorData.CountElements(shape) * size);
            if (begin < 0 || end - begin != bytes || end > dataLength)
                throw new InvalidDataException(
                    $"'{entry.Name}' {TensorData.FormatShape(shape)} needs {bytes} bytes, its header gives it {begin} to {end} of {dataLength}"
                );
            if (bytes > Array.MaxLength)
                throw new InvalidDataException($"'{entry.Name}' {TensorData.FormatShape(shape)} has {bytes} bytes; at most {Array.MaxLength} can be read");
            return new Description(type, shape, begin, end);
        }
        catch (Exception error) when (error is InvalidOperationException or FormatException or IndexOutOfRangeException or KeyNotFoundException)
        {
            throw new InvalidDataException($"the header entry of '{entry.Name}' lacks a valid dtype, shape or data_offsets", error);
        }
    }

    private static byte[] WriteHeader(List<KeyValuePair<string, TensorData>> entries, IReadOnlyDictionary<string, string>? metadata)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteStartObject(MetadataName);
            writer.WriteString("format", "pt");
            foreach (var (key, value) in metadata ?? new Dictionary<string, string>())
                writer.WriteString(key, value);
            writer.WriteEndObject();
            var offset = 0L;
            foreach (var (name, tensor) in entries)
            {
                writer.WriteStartObject(name);
                writer.WriteString("dtype", s_types.First(known => known.Type == tensor.Type).Name);
                WriteNumbers(writer, "shape", tensor.Shape);
                WriteNumbers(writer, "data_offsets", [offset, offset + tensor.Bytes.Length]);
                writer.WriteEndObject();
                offset += tensor.Bytes.Length;
            }

            writer.WriteEndObject();
        }

        while (buffer.Length % 8 != 0)
            buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    private static void WriteNumbers(Utf8JsonWriter writer, string name, ReadOnlySpan<long> numbers)
    {
        writer.WriteStartArray(name);
        foreach (var number in numbers)
            writer.WriteNumberValue(number);
        writer.WriteEndArray();
    }

    // A tensor as the header describes it; positions count from the start of the data.
    private sealed record Description(ScalarType Type, long[] Shape, long Begin, long End);
}
