using System.Runtime.InteropServices;
using Kd.Vision.Models;
using Kd.Vision.Views;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.TeacherService.Serving;

/// <summary>The network in its inference form, with its class map: pixels in, logits of the dataset's classes out. Used from one thread at a time.</summary>
internal sealed class TeacherModel : IDisposable
{
    private readonly LoadedNetwork _loaded;
    private readonly Tensor? _outputs;
    private readonly ScalarType _precision;
    private readonly int _batch;
    private byte[] _pixels = [];

    /// <summary>Takes a network over.</summary>
    /// <param name="loaded">The network; its modules are brought into the inference form.</param>
    /// <param name="description">What it is.</param>
    /// <param name="classes">Which of its outputs are served.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="precision">Number format.</param>
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

    /// <summary>How long the self-check's pass took.</summary>
    public TimeSpan FirstPass { get; set; }

    /// <summary>One forward pass of the fixed batch size; a smaller one is padded.</summary>
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

/// <summary>A network as its file has it.</summary>
/// <param name="Module">Its parameters.</param>
/// <param name="Network">What is called: the same object.</param>
/// <param name="Outputs">Number of its classes.</param>
/// <param name="Names">Their names, where the file has them.</param>
/// <param name="Hash">Hash of its weights.</param>
/// <param name="IsScript">A TorchScript file, which is served as it is.</param>
internal sealed record LoadedNetwork(Module Module, IModule<Tensor, Tensor> Network, int Outputs, IReadOnlyList<string>? Names, byte[] Hash, bool IsScript);

/// <summary>What is served, and where it came from.</summary>
/// <param name="Id">Hash of everything that decides a logit.</param>
/// <param name="Architecture">Name of the network.</param>
/// <param name="Weights">Where the weights came from.</param>
/// <param name="Precision">Number format of the passes.</param>
/// <param name="Parameters">Number of weights.</param>
/// <param name="InputSize">Width and height that it was made for, px.</param>
internal sealed record TeacherDescription(string Id, string Architecture, string Weights, string Precision, long Parameters, int InputSize);
