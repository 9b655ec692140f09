using System.Runtime.InteropServices;
using Google.Protobuf;
using Kd.Vision.Checkpoints;
using Kd.Vision.Export.Onnx;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Export;

/// <summary>A network, or a part of one, that can write itself as ONNX nodes.</summary>
internal interface IOnnxSource
{
    /// <summary>Adds its nodes, as they are in evaluation.</summary>
    /// <param name="graph">Where to.</param>
    /// <param name="input">Name of the value that comes in.</param>
    /// <returns>Name of the value that goes out.</returns>
    string WriteTo(OnnxGraph graph, string input);
}

/// <summary>An ONNX graph in the making. Each method adds a node and gives the name of its output.</summary>
/// <param name="names">The state's name of each parameter and buffer, by handle.</param>
internal sealed class OnnxGraph(IReadOnlyDictionary<nint, string> names)
{
    private const int FloatType = 1,
        Int64Type = 7;
    private readonly HashSet<string> _stored = [];

    public GraphProto Proto { get; } = new() { Name = "student" };

    /// <summary>Any module of the catalogue's networks.</summary>
    public string Write(Module<Tensor, Tensor> module, string input) =>
        module switch
        {
            IOnnxSource source => source.WriteTo(this, input),
            Conv2d convolution => Convolution(convolution, input),
            Models.BatchNorm norm => norm.WriteTo(this, input),
            TorchSharp.Modules.ReLU6 => Clip(input, 0, 6),
            Linear linear => Node("Gemm", [input, Store(linear.weight), Store(linear.bias!)], Attribute("transB", 1)),
            TorchSharp.Modules.Dropout => input,
            Sequential sequential => sequential.children().Cast<Module<Tensor, Tensor>>().Aggregate(input, (value, child) => Write(child, value)),
            _ => throw new NotSupportedException($"The module {module.GetName()} has no ONNX form here."),
        };

    public string Relu(string input) => Node("Relu", [input]);

    public string Add(string first, string second) => Node("Add", [first, second]);

    /// <summary>[N, C, H, W] to [N, C], the mean over H and W.</summary>
    public string Pool(string input) => Node("Flatten", [Node("GlobalAveragePool", [input])], Attribute("axis", 1));

    public string MaxPool(string input, int kernel, int stride, int padding) =>
        Node(
            "MaxPool",
            [input],
            Attribute("kernel_shape", kernel, kernel),
            Attribute("strides", stride, stride),
            Attribute("pads", padding, padding, padding, padding)
        );

    /// <summary>Every second row and column.</summary>
    public string Subsample(string input) => Node("Slice", [input, Numbers(0, 0), Numbers(int.MaxValue, int.MaxValue), Numbers(2, 3), Numbers(2, 2)]);

    /// <summary>Zero channels before and behind.</summary>
    public string PadChannels(string input, int channels) => Node("Pad", [input, Numbers(0, channels, 0, 0, 0, channels, 0, 0)]);

    public string Normalize(string input, Tensor weight, Tensor bias, Tensor mean, Tensor variance, float epsilon) =>
        Node(
            "BatchNormalization",
            [input, Store(weight), Store(bias), Store(mean), Store(variance)],
            new AttributeProto
            {
                Name = "epsilon",
                F = epsilon,
                Type = 1,
            }
        );

    /// <summary>uint8 pixels to what the network wants: (x / 255 - mean) / deviation per channel.</summary>
    public string FromPixels(string input, ReadOnlySpan<float> mean, ReadOnlySpan<float> deviation)
    {
        var values = Node("Cast", [input], Attribute("to", FloatType));
        values = Node("Div", [values, Constant("scale", [1, 1, 1, 1], [255f])]);
        values = Node("Sub", [values, Constant("mean", [1, 3, 1, 1], mean)]);
        return Node("Div", [values, Constant("deviation", [1, 3, 1, 1], deviation)]);
    }

    private string Convolution(Conv2d convolution, string input)
    {
        var (kernel, stride, padding) = (convolution.weight.shape[2], convolution.stride[0], convolution.padding is { Length: > 0 } pads ? pads[0] : 0);
        string[] inputs = convolution.bias is { } bias ? [input, Store(convolution.weight), Store(bias)] : [input, Store(convolution.weight)];
        return Node(
            "Conv",
            inputs,
            Attribute("kernel_shape", kernel, kernel),
            Attribute("strides", stride, stride),
            Attribute("pads", padding, padding, padding, padding),
            new AttributeProto
            {
                Name = "group",
                I = convolution.groups,
                Type = 2,
            }
        );
    }

    private string Clip(string input, float least, float most) =>
        Node("Clip", [input, Constant($"number{least}", [], [least]), Constant($"number{most}", [], [most])]);

    private string Node(string type, IEnumerable<string> inputs, params AttributeProto[] attributes)
    {
        var name = $"{type}_{Proto.Node.Count}";
        Proto.Node.Add(
            new NodeProto
            {
                Name = name,
                OpType = type,
                Input = { inputs },
                Output = { name },
                Attribute = { attributes },
            }
        );
        return name;
    }

    private string Store(Tensor tensor)
    {
        var name = names[tensor.Handle];
        if (_stored.Add(name))
            Proto.Initializer.Add(
                new TensorProto
                {
                    Name = name,
                    DataType = FloatType,
                    Dims = { tensor.shape },
                    RawData = ByteString.CopyFrom(TensorData.From(tensor).Bytes.Span),
                }
            );
        return name;
    }

    private string Constant(string name, long[] shape, ReadOnlySpan<float> values)
    {
        if (_stored.Add(name))
            Proto.Initializer.Add(
                new TensorProto
                {
                    Name = name,
                    DataType = FloatType,
                    Dims = { shape },
                    RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values)),
                }
            );
        return name;
    }

    private string Numbers(params long[] values)
    {
        var name = $"numbers_{string.Join('_', values)}";
        if (_stored.Add(name))
            Proto.Initializer.Add(
                new TensorProto
                {
                    Name = name,
                    DataType = Int64Type,
                    Dims = { values.Length },
                    RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes(values.AsSpan())),
                }
            );
        return name;
    }

    private static AttributeProto Attribute(string name, params long[] values) =>
        values.Length == 1
            ? new AttributeProto
            {
                Name = name,
                I = values[0],
                Type = 2,
            }
            : new AttributeProto
            {
                Name = name,
                Ints = { values },
                Type = 7,
            };
}
