using System.Globalization;
using System.Numerics.Tensors;
using Kd.Training.Diagnostics;
using Kd.Vision.Checkpoints;
using Kd.Vision.Export;
using Kd.Vision.Views;
using Microsoft.ML.OnnxRuntime;
using CallLimits = Kd.Settings.CallLimits;

namespace Kd.Training.Students;

/// <summary>A student.onnx in ONNX Runtime, for predictions. Safe on any thread; each call uses one thread.</summary>
internal sealed class OnnxStudent : IDisposable
{
    private const string Input = "images",
        Output = "logits";
    private readonly InferenceSession _session;
    private readonly bool _takesBytes;

    private OnnxStudent(InferenceSession session, string path)
    {
        _session = session;
        var metadata = session.ModelMetadata.CustomMetadataMap;
        if (
            !session.InputMetadata.TryGetValue(Input, out var input)
            || !session.OutputMetadata.ContainsKey(Output)
            || !metadata.TryGetValue(Checkpoint.ClassesKey, out var classes)
            || !int.TryParse(metadata.GetValueOrDefault(OnnxFile.SizeKey), CultureInfo.InvariantCulture, out var size)
            || size is < 1 or > CallLimits.LargestSide
            || !metadata.TryGetValue(OnnxFile.ResizeKey, out var resize)
        )
            throw new TrainingException(
                $"'{path}' is not a student.onnx of this program: expected the input {Input}, the output {Output} and the metadata "
                    + $"{Checkpoint.ClassesKey}, {OnnxFile.SizeKey} (px) and {OnnxFile.ResizeKey}."
            );
        Classes = classes.Split('\n');
        Views = new ViewPlanner(size, resize == OnnxFile.NoResize, seed: 0);
        _takesBytes = input.ElementType == typeof(byte);
    }

    /// <summary>Names of the classes.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>The views of its evaluation.</summary>
    public ViewPlanner Views { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="TrainingException">It is missing, or not a student.onnx.</exception>
    public static OnnxStudent Open(string path)
    {
        InferenceSession? session = null;
        try
        {
            // Batches run beside each other, which uses all cores better than the operations of one.
            using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
            session = new InferenceSession(path, options);
            return new OnnxStudent(session, path);
        }
        catch (OnnxRuntimeException error)
        {
            throw new TrainingException($"'{path}' cannot be read as ONNX: {error.Message.Split('\n')[0]}. Expected runs/RUN/student.onnx.", error);
        }
        catch
        {
            session?.Dispose();
            throw;
        }
    }

    /// <summary>Computes the probabilities of the classes.</summary>
    /// <param name="pixels">Views of uint8 planes [N, 3, size, size].</param>
    /// <returns>N rows of C probabilities.</returns>
    public float[][] Predict(byte[] pixels)
    {
        var side = Views.Size;
        long[] shape = [pixels.Length / ViewRenderer.ByteCount(side), 3, side, side];
        using var input = _takesBytes ? OrtValue.CreateTensorValueFromMemory(pixels, shape) : OrtValue.CreateTensorValueFromMemory(Normalize(pixels), shape);
        using var options = new RunOptions();
        using var outputs = _session.Run(options, [Input], [input], [Output]);
        var logits = outputs[0].GetTensorDataAsSpan<float>();
        var rows = new float[shape[0]][];
        for (var row = 0; row < rows.Length; row++)
        {
            rows[row] = new float[Classes.Count];
            TensorPrimitives.SoftMax(logits.Slice(row * Classes.Count, Classes.Count), rows[row]);
        }

        return rows;
    }

    public void Dispose() => _session.Dispose();

    // As Normalization does in training.
    private float[] Normalize(byte[] pixels)
    {
        var statistics = ChannelStatistics.ImageNet;
        var values = new float[pixels.Length];
        var plane = Views.Size * Views.Size;
        for (var start = 0; start < pixels.Length; start += plane)
        {
            var channel = start / plane % 3;
            var part = values.AsSpan(start, plane);
            TensorPrimitives.ConvertChecked<byte, float>(pixels.AsSpan(start, plane), part);
            TensorPrimitives.Multiply(part, statistics.Scale[channel], part);
            TensorPrimitives.Add(part, statistics.Shift[channel], part);
        }

        return values;
    }
}
