using System.Runtime.InteropServices;
using Google.Protobuf;
using Kd.Vision.Export;
using Kd.Vision.Export.Onnx;
using Parts = Kd.TeacherService.Model.OnnxParts;

namespace Kd.TeacherService.Tests.Model;

/// <summary>
/// Builds an ONNX classifier whose logit of class c is the sum over the three channels k of weight[c, k] times the mean of channel k of the normalized picture.
/// </summary>
internal sealed class OnnxModel
{
    private const int FloatType = 1,
        ByteType = 2;

    /// <summary>Builds the model.</summary>
    /// <param name="classes">Number of its outputs.</param>
    /// <param name="shape">Shape of its input; a letter stands for any size.</param>
    public OnnxModel(int classes, string shape = "N,3,H,W")
    {
        object[] sizes = [.. shape.Split(',').Select(size => int.TryParse(size, out var number) ? (object)number : size)];
        Classes = classes;
        Proto = new ModelProto
        {
            IrVersion = 8,
            OpsetImport =
            {
                new OperatorSetIdProto { Domain = "", Version = 17 },
            },
            Graph = new GraphProto
            {
                Name = "teacher",
                Node = { Node("GlobalAveragePool", ["images"], "pooled"), Node("Flatten", ["pooled"], "means"), Node("MatMul", ["means", "weight"], "logits") },
                Initializer = { Weight },
                Input = { OnnxFile.Value("images", FloatType, sizes) },
                Output = { OnnxFile.Value("logits", FloatType, sizes[0], classes) },
            },
        };
    }

    public int Classes { get; }

    public ModelProto Proto { get; }

    /// <summary>Weight of channel k for class c.</summary>
    public static float WeightOf(int c, int k) => (c % 5 + 1) * (k + 1) * 0.1f - 0.07f * c;

    private TensorProto Weight =>
        new()
        {
            Name = "weight",
            DataType = FloatType,
            Dims = { 3, Classes },
            RawData = ByteString.CopyFrom(WeightBytes),
        };

    private byte[] WeightBytes =>
        [.. MemoryMarshal.AsBytes<float>([.. Enumerable.Range(0, 3).SelectMany(k => Enumerable.Range(0, Classes).Select(c => WeightOf(c, k)))])];

    /// <summary>Adds a text beside the network.</summary>
    public OnnxModel With(string key, string value)
    {
        Proto.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        return this;
    }

    /// <summary>Adds a softmax behind the logits.</summary>
    public OnnxModel WithSoftmax()
    {
        Proto.Graph.Node.Add(Node("Softmax", ["logits"], "probabilities"));
        Proto.Graph.Output[0].Name = "probabilities";
        return this;
    }

    /// <summary>Adds an output of the means.</summary>
    public OnnxModel WithSecondOutput()
    {
        Proto.Graph.Output.Add(OnnxFile.Value("means", FloatType, "N", 3));
        return this;
    }

    /// <summary>Takes uint8 instead of floats, and normalizes them to 0 to 1 only.</summary>
    public OnnxModel WithBytes()
    {
        Proto.Graph.Input[0].Type.TensorType.ElemType = ByteType;
        return WithFirst(
            "Cast",
            new AttributeProto
            {
                Name = "to",
                I = FloatType,
                Type = 2,
            }
        );
    }

    /// <summary>Takes pictures with channels last.</summary>
    public OnnxModel WithChannelsLast() =>
        WithFirst(
            "Transpose",
            new AttributeProto
            {
                Name = "perm",
                Ints = { 0, 3, 1, 2 },
                Type = 7,
            }
        );

    /// <summary>Adds the largest logit of the whole batch to each logit.</summary>
    public OnnxModel WithBatchMaximum()
    {
        Proto.Graph.Node.Add([Node("ReduceMax", ["logits"], "largest"), Node("Add", ["logits", "largest"], "sums")]);
        Proto.Graph.Output[0].Name = "sums";
        return this;
    }

    /// <summary>Adds zeros of one size to the pictures, so that others do not fit.</summary>
    public OnnxModel WithOneSize(int side)
    {
        Proto.Graph.Initializer.Add(
            new TensorProto
            {
                Name = "zeros",
                DataType = FloatType,
                Dims = { side, side },
                RawData = ByteString.CopyFrom(new byte[4 * side * side]),
            }
        );
        Proto.Graph.Node.Insert(0, Node("Add", ["images", "zeros"], "first"));
        Proto.Graph.Node[1].Input[0] = "first";
        return this;
    }

    private OnnxModel WithFirst(string type, AttributeProto attribute)
    {
        var node = Node(type, ["images"], "first");
        node.Attribute.Add(attribute);
        Proto.Graph.Node.Insert(0, node);
        Proto.Graph.Node[1].Input[0] = "first";
        return this;
    }

    /// <summary>Moves the weights into another file.</summary>
    /// <param name="location">Its path as the model names it.</param>
    /// <param name="path">The file to write; null: none.</param>
    public OnnxModel WithExternalWeights(string location, string? path)
    {
        if (path is not null)
            File.WriteAllBytes(path, WeightBytes);
        var weight = Proto.Graph.Initializer[0];
        weight.ClearRawData();
        var external = new Parts.TensorProto
        {
            ExternalData =
            {
                new Parts.StringStringEntryProto { Key = "location", Value = location },
            },
        };
        // The field data_location, 14, is EXTERNAL, 1. The export has neither field, and so keeps both as unknown ones.
        weight.MergeFrom(external.ToByteArray());
        weight.MergeFrom([14 << 3, 1]);
        return this;
    }

    /// <summary>Writes the file.</summary>
    public string Save(string path)
    {
        File.WriteAllBytes(path, Proto.ToByteArray());
        return path;
    }

    private static NodeProto Node(string type, string[] inputs, string output) =>
        new()
        {
            OpType = type,
            Input = { inputs },
            Output = { output },
        };
}
