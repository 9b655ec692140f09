using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;
using Kd.Settings;
using Kd.Vision.Checkpoints;
using Kd.Vision.Models;
using Kd.Vision.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.TeacherService.Model;

/// <summary>Loads the network that the options describe; benchmarks and tests substitute their own.</summary>
internal delegate LoadedNetwork LoadNetwork(TeacherOptions options, int datasetClasses);

/// <summary>Loads a teacher's network: a known architecture with a weights file or random weights, a TorchScript file, or an ONNX file.</summary>
internal static class NetworkLoader
{
    /// <summary>Value of Teacher:Architecture for a TorchScript file.</summary>
    public const string TorchScript = "torchscript";

    /// <summary>Value of Teacher:Architecture for an ONNX file.</summary>
    public const string Onnx = "onnx";

    // Names of the last layer's weight in the known architectures; its rows are the network's classes.
    private static readonly string[] s_lastLayers = ["fc.weight", "linear.weight", "classifier.1.weight", "classifier.3.weight"];

    /// <summary>Loads the network on the CPU.</summary>
    /// <param name="options">Architecture, weights, class list, seed.</param>
    /// <param name="datasetClasses">Number of the dataset's classes, and of the outputs of a network with random weights.</param>
    /// <exception cref="TeacherException">The architecture is unknown, or the TorchScript or ONNX file cannot be used.</exception>
    /// <exception cref="CheckpointException">The weights file cannot be used.</exception>
    public static LoadedNetwork Load(TeacherOptions options, int datasetClasses)
    {
        var names = options.ClassList is { } list ? ClassMap.ReadList(list) : null;
        return options.Architecture switch
        {
            TorchScript => LoadScript(options, names),
            Onnx => OnnxNetwork.Load(options, names),
            _ => LoadFromCatalog(options, names, datasetClasses),
        };
    }

    /// <summary>Returns the width and height that the network was designed for, px.</summary>
    public static int InputSize(TeacherOptions options) => options.InputSize > 0 ? options.InputSize : ModelCatalog.InputSize(options.Architecture);

    private static TorchNetwork LoadFromCatalog(TeacherOptions options, IReadOnlyList<string>? names, int datasetClasses)
    {
        var checkpoint = options.Weights == TeacherOptions.RandomWeights ? null : Checkpoint.Read(options.Weights);
        names ??= checkpoint?.ClassNames;
        // A student is a teacher, too.
        var form = checkpoint is null ? NetworkForm.Default : NetworkForm.Read(checkpoint);
        if (checkpoint is null && names is null && datasetClasses == 0)
            throw ClassMap.NoNames();
        try
        {
            var outputs = checkpoint is null ? names?.Count ?? datasetClasses : CountOutputs(options.Architecture, form, checkpoint);
            var network = ModelCatalog.Create(options.Architecture, outputs, options.Seed, form.Width, form.SmallImages);
            if (checkpoint is not null)
                ModuleState.Load(network, checkpoint);
            else
                DampResiduals(network);
            return new TorchNetwork(network, network, outputs, names, HashWeights(network, form), trainedSide: form.Size);
        }
        catch (ArgumentException error)
        {
            throw new TeacherException($"Teacher:Architecture: {error.Message} Or {TorchScript} or {Onnx}, for such a file.");
        }
        catch (CheckpointException error)
        {
            throw new TeacherException($"{error.Message} Teacher:Architecture is '{options.Architecture}': name the network that this file belongs to.");
        }
    }

    private static TorchNetwork LoadScript(TeacherOptions options, IReadOnlyList<string>? names)
    {
        if (!File.Exists(options.Weights))
            throw new TeacherException($"Teacher:Weights '{options.Weights}' is not a file. Expected a TorchScript file (torch.jit.save).");
        if (options.Precision != TeacherPrecision.Float32)
            throw new TeacherException(
                $"Teacher:Precision is {options.Precision}, but a TorchScript file is served unchanged: use Float32 and save the file in another precision."
            );
        var bytes = File.ReadAllBytes(options.Weights);
        CheckPermission(options, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        try
        {
            var script = jit.load<Tensor, Tensor>(bytes, CPU);
            script.eval();
            using var scope = NewDisposeScope();
            using var _ = no_grad();
            var size = InputSize(options);
            var logits = script.call(zeros(1, 3, size, size));
            return logits.shape is [1, > 0 and <= int.MaxValue and var outputs]
                ? new TorchNetwork(script, script, (int)outputs, names, XxHash128.Hash(bytes), isScript: true)
                : throw new TeacherException(
                    $"The TorchScript file '{options.Weights}' gives the shape [{string.Join(", ", logits.shape)}] for one image of {size} px, "
                        + "expected [1, classes]."
                );
        }
        catch (Exception error) when (error is System.Runtime.InteropServices.ExternalException or InvalidCastException)
        {
            throw new TeacherException(
                $"'{options.Weights}' cannot be used as TorchScript: {error.Message.Split('\n')[0]}. Expected a file of torch.jit.save whose forward "
                    + $"takes one tensor [N, 3, H, W] (Teacher:InputSize is {InputSize(options)} px) and returns logits [N, classes]."
            );
        }
    }

    // A script may read and write files as soon as it is loaded.
    private static void CheckPermission(TeacherOptions options, string hash)
    {
        if (!options.AllowScript.Equals("true", StringComparison.OrdinalIgnoreCase) && !options.AllowScript.Equals(hash, StringComparison.OrdinalIgnoreCase))
            throw new TeacherException(
                $"'{options.Weights}' is a TorchScript file: loading it runs its author's code with your rights, and Teacher:AllowScript is "
                    + $"'{options.AllowScript}'. If you trust this file, set Teacher:AllowScript={hash} (this file only) or true (any)."
            );
    }

    // An untrained bottleneck doubles the variance of its input: after the 50 of ResNet-152, logits would overflow float16.
    private static void DampResiduals(Module network)
    {
        using var quiet = no_grad();
        foreach (var (_, weight) in ModuleState.Entries(network).Where(entry => entry.Key.EndsWith("bn3.weight", StringComparison.Ordinal)))
            weight.TimesInPlace(0.2);
    }

    // The file must have all the rows that it claims: the network is created with as many.
    private static int CountOutputs(string architecture, NetworkForm form, Checkpoint checkpoint)
    {
        var last =
            s_lastLayers.FirstOrDefault(checkpoint.Tensors.ContainsKey)
            ?? throw new CheckpointException(
                checkpoint.Path,
                $"it has no last layer: expected one of {string.Join(", ", s_lastLayers)}; it has {string.Join(", ", checkpoint.Tensors.Keys.Take(5))}, ..."
            );
        var features = ModelCatalog.Features(architecture, form.Width);
        return checkpoint.Tensors[last].Shape is [> 0 and < int.MaxValue and var rows, var columns] && columns == features
            ? (int)rows
            : throw new CheckpointException(
                checkpoint.Path,
                $"its last layer {last} has the shape {checkpoint.Tensors[last].ShapeText}, expected [classes, {features}] for {architecture}"
            );
    }

    // Hashes the weights as loaded, not the file: the same weights in another format are the same teacher.
    private static byte[] HashWeights(Module network, NetworkForm form)
    {
        var hash = new XxHash128();
        // The width shows in the shapes, but not the strides.
        if (form.SmallImages)
            hash.Append("small"u8);
        foreach (var (name, tensor) in ModuleState.Save(network).Where(entry => !entry.Key.EndsWith("num_batches_tracked", StringComparison.Ordinal)))
        {
            hash.Append(Encoding.UTF8.GetBytes(name));
            hash.Append(tensor.Bytes.Span);
        }

        return hash.GetCurrentHash();
    }
}
