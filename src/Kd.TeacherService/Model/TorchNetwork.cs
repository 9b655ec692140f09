using Kd.Settings;
using Kd.Vision.Export;
using Kd.Vision.Runtime;
using Kd.Vision.Views;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.TeacherService.Model;

/// <summary>A network in torch: one of the catalog, or a TorchScript file.</summary>
/// <param name="module">Holds the parameters.</param>
/// <param name="network">Runs the forward pass; the same object as <paramref name="module"/>.</param>
/// <param name="outputs">Number of its classes.</param>
/// <param name="names">Names of its classes, or null where the file has none.</param>
/// <param name="hash">Hash of its weights.</param>
/// <param name="isScript">Whether it is a TorchScript file, which is served unchanged.</param>
/// <param name="trainedSide">Width and height of the pictures that it was trained on, px; 0: not known.</param>
internal sealed class TorchNetwork(
    Module module,
    IModule<Tensor, Tensor> network,
    int outputs,
    IReadOnlyList<string>? names,
    byte[] hash,
    bool isScript = false,
    int trainedSide = 0
) : LoadedNetwork(outputs, names, hash)
{
    /// <summary>Holds the parameters.</summary>
    public Module Module => module;

    /// <summary>Runs the forward pass.</summary>
    public IModule<Tensor, Tensor> Network => network;

    /// <summary>Whether it is a TorchScript file, which is served unchanged.</summary>
    public bool IsScript => isScript;

    public override bool IsForeign => isScript;

    public override int TrainedSide => trainedSide;

    public override long Parameters => module.parameters().Sum(parameter => parameter.numel());

    public override float[] Compute(byte[] pixels, int count, int size, ChannelStatistics statistics)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        module.eval();
        return network.call(Normalization.ToInput(pixels, count, size, CPU, statistics)).contiguous().data<float>().ToArray();
    }

    public override ITeacherEngine Start(TeacherOptions options, PassForm form)
    {
        if (options.Engine == TeacherEngine.Onnx)
            return isScript
                ? throw new TeacherException(
                    "Teacher:Engine is Onnx, but a TorchScript file runs in torch only. Use Teacher:Engine=Auto, or export the network as ONNX."
                )
                : OnnxEngine.Of(this, options, form);
        var device = ChooseDevice(form);
        return options.Engine == TeacherEngine.Auto && device.type == TorchSharp.DeviceType.CPU && IsFasterInOnnx(options)
            ? OnnxEngine.Of(this, options, form with { Device = "cpu" })
            : new TorchEngine(this, device, options.Precision, form);
    }

    /// <summary>Returns the network of the catalog as the content of an ONNX file, whose input is normalized.</summary>
    public byte[] ToOnnx() =>
        OnnxFile.ToBytes((Module<Tensor, Tensor>)module, [.. Enumerable.Range(0, Outputs).Select(output => $"{output}")], OnnxInput.Normalized);

    public override void Dispose() => module.Dispose();

    // For ResNets and MobileNets, it was as fast as torch or up to 1.5 times as fast. A small network gains less in a run than the second library costs at the
    // start.
    private bool IsFasterInOnnx(TeacherOptions options) =>
        !isScript && options.Precision == TeacherPrecision.Float32 && !TeacherOptions.IsSmall(options.Architecture);

    private static Device ChooseDevice(PassForm form)
    {
        try
        {
            return TorchRuntime.ChooseDevice(form.Device);
        }
        catch (ArgumentException error)
        {
            throw new TeacherException(error.Message);
        }
    }
}
