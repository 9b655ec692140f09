using System.Globalization;
using Google.Protobuf;
using Kd.Core.Files;
using Kd.Settings;
using Kd.Vision.Checkpoints;
using Kd.Vision.Export.Onnx;
using Kd.Vision.Views;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Export;

/// <summary>Writes a network of <see cref="Models.ModelCatalog"/> as an ONNX file: opset 17, any batch size, height and width.</summary>
public static class OnnxFile
{
    /// <summary>Metadata: width and height of a view in px, and how a picture gets that size.</summary>
    public const string SizeKey = "size",
        ResizeKey = "resize";

    /// <summary>Value of <see cref="ResizeKey"/> for pictures that have the size of a view.</summary>
    public const string NoResize = "none";

    private const int FloatType = 1,
        ByteType = 2;
    private const int Opset = 17,
        Version = 8;

    /// <summary>Writes a file; an existing one is replaced only when the new one is complete.</summary>
    /// <param name="path">The file; its folder must exist.</param>
    /// <param name="network">A network of the catalog; its evaluation form is written.</param>
    /// <param name="classes">Names of its outputs, stored as the metadata <c>classes</c>, one per line.</param>
    /// <param name="input">Form of the input <c>images</c> [N, 3, H, W]; the output is <c>logits</c> [N, C].</param>
    /// <param name="views">The views of its evaluation, stored as the metadata <c>size</c> (px) and <c>resize</c>; null: neither is stored.</param>
    /// <exception cref="NotSupportedException">The network has a module without an ONNX form.</exception>
    public static void Write(string path, Module<Tensor, Tensor> network, IReadOnlyList<string> classes, OnnxInput input, ViewPlanner? views = null)
    {
        var model = Convert(network, classes, input);
        if (views is not null)
            AddMetadata(model, views, input);
        AtomicFile.Write(path, file => model.WriteTo(file));
    }

    /// <summary>Writes the content of a file, as <see cref="Write"/> does.</summary>
    /// <param name="network">A network of the catalog; its evaluation form is written.</param>
    /// <param name="classes">Names of its outputs.</param>
    /// <param name="input">Form of the input.</param>
    /// <exception cref="NotSupportedException">The network has a module without an ONNX form.</exception>
    public static byte[] ToBytes(Module<Tensor, Tensor> network, IReadOnlyList<string> classes, OnnxInput input) =>
        Convert(network, classes, input).ToByteArray();

    // For programs that use the file: how a picture becomes its input.
    private static void AddMetadata(ModelProto model, ViewPlanner views, OnnxInput input)
    {
        Add(SizeKey, views.Size.ToString(CultureInfo.InvariantCulture));
        Add(ResizeKey, views.Small ? NoResize : "shorter side to 256/224 of the size, then the center");
        if (input == OnnxInput.Pixels)
            return;
        Add("mean", string.Join(',', Normalization.Mean.Select(value => value.ToString(CultureInfo.InvariantCulture))));
        Add("std", string.Join(',', Normalization.StandardDeviation.Select(value => value.ToString(CultureInfo.InvariantCulture))));

        void Add(string key, string value) => model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
    }

    private static ModelProto Convert(Module<Tensor, Tensor> network, IReadOnlyList<string> classes, OnnxInput input)
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
        return new ModelProto
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
    }

    /// <summary>Describes an input or an output.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Its element type's number.</param>
    /// <param name="shape">Its sizes: numbers, and texts for any size.</param>
    internal static ValueInfoProto Value(string name, int type, params object[] shape) =>
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
                                    : new TensorShapeProto.Types.Dimension { DimValue = System.Convert.ToInt64(size, null) }
                            ),
                        },
                    },
                },
            },
        };
}
