using System.Numerics.Tensors;
using Kd.Settings;
using Kd.Vision.Views;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using RunOptions = Microsoft.ML.OnnxRuntime.RunOptions;

namespace Kd.TeacherService.Model;

/// <summary>A classifier in ONNX Runtime: one input of pictures [N, 3, H, W], one output of logits [N, C]. Not thread-safe.</summary>
internal sealed class OnnxSession : IDisposable
{
    private const string Expected = "Expected a classifier with one input [N, 3, H, W] of float32 or uint8 and one output of logits [N, classes] in float32";

    // As that of Batching:MaxBatch.
    private const int LargestBatch = 1024;
    private readonly InferenceSession _session;
    private readonly RunOptions _options;
    private readonly string _name;
    private readonly string _input;
    private readonly string _output;
    private readonly int _fixedBatch;
    private byte[] _bytes = [];
    private float[] _floats = [];

    private OnnxSession(InferenceSession session, string name)
    {
        (_session, _name) = (session, name);
        var (input, output) = (Only("input", session.InputMetadata), Only("output", session.OutputMetadata));
        (_input, _output) = (input.Key, output.Key);
        TakesBytes = input.Value.ElementDataType == TensorElementType.UInt8;
        if (!TakesBytes && input.Value.ElementDataType != TensorElementType.Float)
            throw Unusable($"its input {_input} is of the type {input.Value.ElementDataType}");
        if (output.Value.ElementDataType != TensorElementType.Float)
            throw Unusable($"its output {_output} is of the type {output.Value.ElementDataType}");
        (_fixedBatch, Side) = ReadShape(input.Value.Dimensions);
        // Its errors are thrown, too.
        _options = new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
    }

    /// <summary>Whether it takes uint8, so that it normalizes by itself.</summary>
    public bool TakesBytes { get; }

    /// <summary>Width and height that the file prescribes, px; 0: any.</summary>
    public int Side { get; }

    /// <summary>Texts that the file has beside the network.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _session.ModelMetadata.CustomMetadataMap;

    /// <summary>Opens a model.</summary>
    /// <param name="open">Creates the session.</param>
    /// <param name="name">Name of the model in messages.</param>
    /// <exception cref="TeacherException">It is not a classifier, or ONNX Runtime refuses it.</exception>
    public static OnnxSession Open(Func<InferenceSession> open, string name)
    {
        InferenceSession? session = null;
        try
        {
            session = open();
            return new OnnxSession(session, name);
        }
        catch (OnnxRuntimeException error)
        {
            throw new TeacherException($"{name} cannot be used as ONNX: {FirstLine(error)}. {Expected}.");
        }
        catch
        {
            session?.Dispose();
            throw;
        }
    }

    /// <summary>Tells whether pictures of a size can be computed, whatever the file says.</summary>
    /// <param name="size">Width and height, px.</param>
    public bool Accepts(int size)
    {
        try
        {
            Run(new byte[ViewRenderer.ByteCount(size)], 1, 1, size, ChannelStatistics.ImageNet);
            return true;
        }
        catch (TeacherException)
        {
            return false;
        }
    }

    /// <summary>Computes logits in runs of one batch size, which the model may prescribe; the last one is padded.</summary>
    /// <param name="pixels">uint8 planes [batch, 3, size, size].</param>
    /// <param name="batch">Number of views in <paramref name="pixels"/>.</param>
    /// <param name="count">Number of leading views whose logits are wanted.</param>
    /// <param name="size">Width and height, px.</param>
    /// <param name="statistics">Normalization; an input of uint8 needs none.</param>
    /// <returns>Row-major [count, classes].</returns>
    /// <exception cref="TeacherException">The model failed, or its output has another shape.</exception>
    public float[] Run(ReadOnlySpan<byte> pixels, int batch, int count, int size, ChannelStatistics statistics)
    {
        var rows = _fixedBatch > 0 ? _fixedBatch : batch;
        var bytes = ViewRenderer.ByteCount(size);
        if ((long)rows * bytes > Array.MaxLength)
            throw Unusable($"it takes {rows} pictures at once, which have more than {Array.MaxLength} values at {size} px");
        float[] logits = [];
        for (var start = 0; start < count; start += rows)
        {
            var views = pixels.Slice(start * bytes, Math.Min(rows, batch - start) * bytes);
            using var input = TakesBytes ? FromBytes(views, rows, size) : FromFloats(views, rows, size, statistics);
            using var results = RunOnce(input, rows, size);
            var shape = results[0].GetTensorTypeAndShape().Shape;
            // Some have [N, classes, 1, 1].
            if (shape is not [var given, > 0 and <= int.MaxValue and var classes, .. var rest] || given != rows || rest.Any(extent => extent != 1))
                throw Unusable($"for {rows} pictures of {size} px its output {_output} has the shape [{string.Join(", ", shape)}]");
            if (start == 0)
                logits = new float[count * classes];
            var wanted = Math.Min(rows, count - start) * (int)classes;
            results[0].GetTensorDataAsSpan<float>()[..wanted].CopyTo(logits.AsSpan(start * (int)classes));
        }

        return logits;
    }

    public void Dispose()
    {
        _options.Dispose();
        _session.Dispose();
    }

    private IDisposableReadOnlyCollection<OrtValue> RunOnce(OrtValue input, int rows, int size)
    {
        try
        {
            return _session.Run(_options, [_input], [input], [_output]);
        }
        catch (OnnxRuntimeException error)
        {
            throw new TeacherException(
                $"{_name} fails for {rows} pictures of {size} px: {FirstLine(error)}. If it was exported for another size, set Teacher:InputSize and "
                    + "Views:Size to it; if it was exported for a single picture, export it with a dynamic batch."
            );
        }
    }

    private OrtValue FromBytes(ReadOnlySpan<byte> views, int rows, int size)
    {
        Array.Resize(ref _bytes, rows * ViewRenderer.ByteCount(size));
        views.CopyTo(_bytes);
        _bytes.AsSpan(views.Length).Clear();
        return OrtValue.CreateTensorValueFromMemory(_bytes, [rows, 3, size, size]);
    }

    private OrtValue FromFloats(ReadOnlySpan<byte> views, int rows, int size, ChannelStatistics statistics)
    {
        var (scale, shift, plane) = (statistics.Scale, statistics.Shift, size * size);
        Array.Resize(ref _floats, rows * ViewRenderer.ByteCount(size));
        for (var i = 0; i < rows * 3; i++)
        {
            var values = _floats.AsSpan(i * plane, plane);
            if (i * plane < views.Length)
                TensorPrimitives.ConvertTruncating(views.Slice(i * plane, plane), values);
            else
                values.Clear();
            TensorPrimitives.Multiply(values, scale[i % 3], values);
            TensorPrimitives.Add(values, shift[i % 3], values);
        }

        return OrtValue.CreateTensorValueFromMemory(_floats, [rows, 3, size, size]);
    }

    private KeyValuePair<string, NodeMetadata> Only(string kind, IReadOnlyDictionary<string, NodeMetadata> values) =>
        values.Count == 1
            ? values.Single()
            : throw Unusable($"it has {values.Count} {kind}s ({string.Join(", ", values.Keys.Take(5))}{(values.Count > 5 ? ", ..." : "")})");

    // -1 stands for any size.
    private (int Batch, int Side) ReadShape(int[] shape)
    {
        if (shape is [_, _, _, 3] and not [_, 3, ..])
            throw Unusable($"its input {_input} has the shape {Text(shape)}: channels last. Export it with channels first");
        if (shape is not [var batch, 3 or -1, var height, var width] || (height > 0 && width > 0 && height != width))
            throw Unusable($"its input {_input} has the shape {Text(shape)}");
        var side = Math.Max(height, width);
        return batch <= LargestBatch && side is <= 0 or (>= 8 and <= CallLimits.LargestSide)
            ? (Math.Max(batch, 0), Math.Max(side, 0))
            : throw Unusable($"its input {_input} has the shape {Text(shape)}; up to {LargestBatch} pictures of 8 to {CallLimits.LargestSide} px are served");
    }

    private static string Text(int[] shape) => $"[{string.Join(", ", shape.Select(size => size < 0 ? "any" : $"{size}"))}]";

    private TeacherException Unusable(string reason) => new($"{_name} cannot be the teacher: {reason}. {Expected}.");

    /// <summary>Returns the first line of an error's message, without its full stop; the others are a stack trace.</summary>
    internal static string FirstLine(Exception error) => error.Message.Split('\n')[0].TrimEnd('.', ' ');
}
