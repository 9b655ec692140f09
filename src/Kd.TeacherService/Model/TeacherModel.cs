using System.Runtime.InteropServices;
using Kd.Settings;
using Kd.Vision.Models;
using Kd.Vision.Views;
using TorchSharp;
using static TorchSharp.torch;

namespace Kd.TeacherService.Model;

/// <summary>Computes the logits of the dataset's classes from pixels, with the network in its inference form. Not thread-safe.</summary>
internal sealed class TeacherModel : IDisposable
{
    private readonly LoadedNetwork _loaded;
    private readonly Tensor? _outputs;
    private readonly ScalarType _precision;
    private readonly int _batch;
    private byte[] _pixels = [];

    /// <summary>Converts a network into its inference form and takes ownership of it.</summary>
    /// <param name="loaded">The network, which is changed in place.</param>
    /// <param name="description">Describes the network.</param>
    /// <param name="classes">Selects the outputs that are served.</param>
    /// <param name="device">Device of the passes.</param>
    /// <param name="precision">Number format of the passes.</param>
    /// <param name="batch">Views in a pass.</param>
    public TeacherModel(LoadedNetwork loaded, TeacherDescription description, ClassMap classes, Device device, TeacherPrecision precision, int batch)
    {
        (_loaded, Description, Classes, Device, _precision, _batch) = (loaded, description, classes, device, precision.ToScalarType(), batch);
        loaded.Module.to(device);
        if (!loaded.IsScript)
            InferenceForm.Apply(loaded.Module, _precision);
        _outputs = classes.Outputs is null ? null : tensor(classes.Outputs, device: device);
    }

    public TeacherDescription Description { get; }

    public ClassMap Classes { get; }

    public Device Device { get; }

    /// <summary>Views in a pass.</summary>
    public int Batch => _batch;

    /// <summary>Duration of the self-check's pass.</summary>
    public TimeSpan FirstPass { get; set; }

    /// <summary>Runs a forward pass of the fixed batch size; fewer views are padded to it.</summary>
    /// <param name="views">uint8 planes [3, size, size] of at most <see cref="Batch"/> views.</param>
    /// <param name="size">Width and height, px.</param>
    /// <returns>Row-major [N, C], at temperature 1.</returns>
    public Half[] Pass(IReadOnlyList<ReadOnlyMemory<byte>> views, int size)
    {
        var bytes = ViewRenderer.ByteCount(size);
        if (_pixels.Length != _batch * bytes)
            _pixels = new byte[_batch * bytes];
        for (var row = 0; row < views.Count; row++)
            views[row].Span.CopyTo(_pixels.AsSpan(row * bytes, bytes));
        _pixels.AsSpan(views.Count * bytes).Clear();

        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var images = Normalization.ToInput(_pixels, _batch, size, Device).to_type(_precision); // [B, 3, H, W]
        var all = _loaded.Network.call(images); // [B, network's classes]
        var chosen = _outputs is null ? all : all.index_select(1, _outputs); // [B, C]
        var half = chosen[TensorIndex.Slice(0, views.Count)].to_type(ScalarType.Float16).cpu().contiguous();
        return MemoryMarshal.Cast<byte, Half>(half.bytes).ToArray();
    }

    public void Dispose()
    {
        _outputs?.Dispose();
        _loaded.Module.Dispose();
    }
}
