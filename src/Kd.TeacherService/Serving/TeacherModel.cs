using System.Diagnostics;
using Kd.Vision.Models;
using Kd.Vision.Views;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.TeacherService.Serving;

/// <summary>The network with its class map: pixels in, logits of the dataset's classes out. One pass at a time.</summary>
internal sealed class TeacherModel : IDisposable
{
    private readonly Module<Tensor, Tensor> _network;
    private readonly Tensor? _outputs;
    private readonly int _batch;
    private readonly Lock _gate = new();

    public TeacherModel(Module<Tensor, Tensor> network, TeacherDescription description, ClassMap classes, Device device, int batch)
    {
        (Description, Classes, Device, _batch) = (description, classes, device, batch);
        _network = network.to(device);
        ChannelsLast.Apply(_network);
        _network.eval();
        _outputs = classes.Outputs is null ? null : tensor(classes.Outputs, device: device);
    }

    public TeacherDescription Description { get; }

    public ClassMap Classes { get; }

    public Device Device { get; }

    /// <summary>Computes logits in passes of the fixed batch size.</summary>
    /// <param name="pixels">Views [N, 3, size, size], uint8 planes.</param>
    /// <param name="count">N.</param>
    /// <param name="size">Width and height, px.</param>
    /// <param name="cancellation">Checked before each pass.</param>
    /// <returns>Row-major [N, C].</returns>
    public Half[] Compute(ReadOnlyMemory<byte> pixels, int count, int size, CancellationToken cancellation)
    {
        var bytes = ViewRenderer.ByteCount(size);
        var logits = new Half[count * Classes.Classes.Count];
        for (var start = 0; start < count; start += _batch)
        {
            var rows = Math.Min(_batch, count - start);
            lock (_gate)
            {
                cancellation.ThrowIfCancellationRequested();
                Pass(pixels.Span.Slice(start * bytes, rows * bytes), rows, size, logits.AsSpan(start * Classes.Classes.Count));
            }
        }

        return logits;
    }

    public void Dispose()
    {
        _outputs?.Dispose();
        _network.Dispose();
    }

    private void Pass(ReadOnlySpan<byte> pixels, int rows, int size, Span<Half> target)
    {
        using var activity = TeacherTelemetry.Source.StartActivity("teacher.forward");
        activity?.SetTag("kd.teacher.batch.size", rows);
        var started = Stopwatch.GetTimestamp();
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var padded = pixels;
        if (rows < _batch)
        {
            var room = new byte[_batch * ViewRenderer.ByteCount(size)];
            pixels.CopyTo(room);
            padded = room;
        }

        var images = Normalization.ToInput(padded, _batch, size, Device);                      // [B, 3, H, W]
        var all = _network.call(images);                                                       // [B, network's classes]
        var chosen = _outputs is null ? all : all.index_select(1, _outputs);                   // [B, C]
        var half = chosen[TensorIndex.Slice(0, rows)].to_type(ScalarType.Float16).cpu().contiguous();
        System.Runtime.InteropServices.MemoryMarshal.Cast<byte, Half>(half.bytes).CopyTo(target);
        TeacherTelemetry.PassDuration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
        TeacherTelemetry.Computed.Add(rows);
    }
}

/// <summary>What is served, and where it came from.</summary>
/// <param name="Id">Hash of everything that decides a logit.</param>
/// <param name="Architecture">Name of the network.</param>
/// <param name="Weights">Where the weights came from.</param>
/// <param name="Parameters">Number of weights.</param>
internal sealed record TeacherDescription(string Id, string Architecture, string Weights, long Parameters)
{
    public const string Precision = "float32";
}
