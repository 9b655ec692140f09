using Google.Protobuf;
using Kd.Core.Files;
using Kd.Vision.Checkpoints;
using Kd.Vision.Export.Onnx;
using Kd.Vision.Views;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Export;

/// <summary>What an exported network takes.</summary>
public enum OnnxInput
{
    /// <summary>float32, normalised as in training (mean .485 .456 .406, deviation .229 .224 .225 of pixels over 255).</summary>
    Normalized,

    /// <summary>uint8 RGB pixels; the network normalises them itself.</summary>
    Pixels,
}

/// <summary>Writes a network of <see cref="Models.ModelCatalog"/> as ONNX: opset 17, any batch size, height and width.</summary>
public static class OnnxFile
{
    private const int FloatType = 1,
        ByteType = 2;
    private const int Opset = 17,
        Version = 8;

    /// <summary>Writes a file, replacing an existing one only when the new one is whole.</summary>
    /// <param name="path">Where to; the folder must exist.</param>
    /// <param name="network">One of the catalogue, as it is in evaluation.</param>
    /// <param name="classes">Names of its outputs, kept as the metadata <c>classes</c>, one a line.</param>
    /// <param name="input">What it takes, as <c>images</c> [N, 3, H, W]; it gives <c>logits</c> [N, C].</param>
    /// <exception cref="NotSupportedException">The network has a module without an ONNX form.</exception>
    public static void Write(string path, Module<Tensor, Tensor> network, IReadOnlyList<string> classes, OnnxInput input)
    {
        var names = ModuleState.Entries(network).ToDictionary(entry => entry.Value.Handle, entry => entry.Key);
        var graph = new OnnxGraph(names);
        var images = input == OnnxInput.Pixels ? graph.FromPixels("images", Normalization.Mean.ToArray(), Normalization.StandardDeviation.ToArray()) : "images";
        var logits = graph.Write(network, images);
        graph.Proto.Node.Add(
            new NodeProto
            {
                Name = "logits",
                OpType = "Identity",
                Input = { logits },
                Output = { "logits" },
            }
        );
        graph.Proto.Input.Add(Value("images", input == OnnxInput.Pixels ? ByteType : FloatType, "N", 3, "H", "W"));
        graph.Proto.Output.Add(Value("logits", FloatType, "N", classes.Count));
        var model = new ModelProto
        {
            IrVersion = Version,
            ProducerName = "Kd.Aspire",
            Graph = graph.Proto,
            OpsetImport =
            {
                new OperatorSetIdProto { Domain = "", Version = Opset },
            },
            MetadataProps =
            {
                new StringStringEntryProto { Key = Checkpoint.ClassesKey, Value = string.Join('\n', classes) },
            },
        };
        AtomicFile.Write(path, file => model.WriteTo(file));
    }

    private static ValueInfoProto Value(string name, int type, params object[] shape) =>
        new()
        {
            Name = name,
            Type = new TypeProto
            {
                TensorType = new TypeProto.Types.Tensor
                {
                    ElemType = type,
                    Shape = new TensorShapeProto
                    {
                        Dim =
                        {
                            shape.Select(size =>
                                size is string symbol
                                    ? new TensorShapeProto.Types.Dimension { DimParam = symbol }
                                    : new TensorShapeProto.Types.Dimension { DimValue = Convert.ToInt64(size, null) }
                            ),
                        },
                    },
                },
            },
        };
}
