using System.Runtime.InteropServices;
using Kd.Settings;
using Kd.Vision.Models;
using Kd.Vision.Views;
using TorchSharp;
using static TorchSharp.torch;

namespace Kd.TeacherService.Model;

/// <summary>Runs a network of torch in its inference form.</summary>
internal sealed class TorchEngine : ITeacherEngine
{
    private readonly TorchNetwork _network;
    private readonly Device _device;
    private readonly ScalarType _precision;
    private readonly PassForm _form;

    /// <summary>Converts a network, which is changed in place, and takes ownership of it.</summary>
    public TorchEngine(TorchNetwork network, Device device, TeacherPrecision precision, PassForm form)
    {
        (_network, _device, _precision, _form) = (network, device, precision.ToScalarType(), form);
        network.Module.to(device);
        if (!network.IsScript)
            InferenceForm.Apply(network.Module, _precision);
    }

    public string Device => _device.ToString();

    public string FormName => "form 1";

    public Half[] Run(byte[] pixels, int count, int size)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var images = Normalization.ToInput(pixels, _form.Batch, size, _device, _form.Statistics).to_type(_precision); // [B, 3, H, W]
        var logits = _network.Network.call(images)[TensorIndex.Slice(0, count)].to_type(ScalarType.Float16).cpu().contiguous(); // [count, outputs]
        return MemoryMarshal.Cast<byte, Half>(logits.bytes).ToArray();
    }

    public void Dispose() => _network.Dispose();
}
