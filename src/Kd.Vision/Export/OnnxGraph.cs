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
    /// <summary>Adds the nodes of the evaluation form to a graph.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="input">Name of the input value.</param>
    /// <returns>Name of the output value.</returns>
    string WriteTo(OnnxGraph graph, string input);
}

/// <summary>Builds an ONNX graph. Each method adds nodes and returns the name of their output.</summary>
/// <param name="names">State name of each parameter and buffer, by tensor handle.</param>
internal sealed class OnnxGraph(IReadOnlyDictionary<nint, string> names)
{
    private const int FloatType = 1,
        Int64Type = 7;
    private readonly HashSet<string> _stored = [];

    public GraphProto Proto { get; } = new() { Name = "student" };

    /// <summary>Adds any module that the catalog's networks consist of.</summary>
    public string Write(Module<Tensor, Tensor> module, string input) =>
        module switch
        {
            IOnnxSource source => source.WriteTo(this, input),
            TorchSharp.Modules.ReLU => Relu(input),
            TorchSharp.Modules.ReLU6 => Clip(input, 0, 6),
            TorchSharp.Modules.Hardswish => Node("HardSwish", [input]),
            TorchSharp.Modules.SiLU => Silu(input),
            TorchSharp.Modules.Dropout => input,
            Sequential sequential => sequential.children().Cast<Module<Tensor, Tensor>>().Aggregate(input, (value, child) => Write(child, value)),
            _ => throw new NotSupportedException($"The module {module.GetName()} has no ONNX form here."),
        };

    public string Relu(string input) => Node("Relu", [input]);

    public string Add(string first, string second) => Node("Add", [first, second]);

    public string Multiply(string first, string second) => Node("Mul", [first, second]);

    /// <summary>Computes input * weight transposed + bias.</summary>
    public string Linear(string input, Tensor weight, Tensor bias) => Node("Gemm", [input, Store(weight), Store(bias)], Attribute("transB", 1));

    public string Sigmoid(string input) => Node("Sigmoid", [input]);

    public string HardSigmoid(string input) => Node("HardSigmoid", [input], Attribute("alpha", 1f / 6), Attribute("beta", 0.5f));

    public string Silu(string input) => Multiply(input, Sigmoid(input));

    /// <summary>Averages over height and width: [N, C, H, W] -> [N, C, 1, 1].</summary>
    public string Average(string input) => Node("GlobalAveragePool", [input]);

    /// <summary>Averages over height and width: [N, C, H, W] -> [N, C].</summary>
    public string Pool(string input) => Node("Flatten", [Average(input)], Attribute("axis", 1));

    /// <summary>Takes the channels from a first one to before another one.</summary>
    public string Channels(string input, int first, int end) => Node("Slice", [input, Numbers(first), Numbers(end), Numbers(1)]);

    /// <summary>Joins channels.</summary>
    public string Concatenate(string first, string second) => Node("Concat", [first, second], Attribute("axis", 1));

    /// <summary>Takes one channel of each group in turn.</summary>
    public string Shuffle(string input, int groups, int channels)
    {
        var grouped = Node("Reshape", [input, Numbers(0, groups, channels, -1)]); // [N, G, C/G, H W]
        var turned = Node("Transpose", [grouped], Attribute("perm", 0, 2, 1, 3));
        return Node("Reshape", [turned, Node("Shape", [input])]);
    }

    public string MaxPool(string input, int kernel, int stride, int padding) =>
        Node(
            "MaxPool",
            [input],
            Attribute("kernel_shape", kernel, kernel),
            Attribute("strides", stride, stride),
            Attribute("pads", padding, padding, padding, padding)
        );

    /// <summary>Takes every second row and column.</summary>
    public string Subsample(string input) => Node("Slice", [input, Numbers(0, 0), Numbers(int.MaxValue, int.MaxValue), Numbers(2, 3), Numbers(2, 2)]);

    /// <summary>Adds zero channels before and after.</summary>
    public string PadChannels(string input, int channels) => Node("Pad", [input, Numbers(0, channels, 0, 0, 0, channels, 0, 0)]);

    public string Normalize(string input, Tensor weight, Tensor bias, Tensor mean, Tensor variance, float epsilon) =>
        Node("BatchNormalization", [input, Store(weight), Store(bias), Store(mean), Store(variance)], Attribute("epsilon", epsilon));

    /// <summary>Converts uint8 pixels to the network's input: (x / 255 - mean) / deviation per channel.</summary>
    public string FromPixels(string input, ReadOnlySpan<float> mean, ReadOnlySpan<float> deviation)
    {
        var values = Node("Cast", [input], Attribute("to", FloatType));
        values = Node("Div", [values, Constant("scale", [1, 1, 1, 1], [255f])]);
        values = Node("Sub", [values, Constant("mean", [1, 3, 1, 1], mean)]);
        return Node("Div", [values, Constant("deviation", [1, 3, 1, 1], deviation)]);
    }

    /// <summary>Convolves with a square kernel.</summary>
    public string Convolve(string input, Tensor weight, Tensor? bias, long stride, long padding, long groups)
    {
        var kernel = weight.shape[2];
        string[] inputs = bias is null ? [input, Store(weight)] : [input, Store(weight), Store(bias)];
        return Node(
            "Conv",
            inputs,
            Attribute("kernel_shape", kernel, kernel),
            Attribute("strides", stride, stride),
            Attribute("pads", padding, padding, padding, padding),
            Attribute("group", groups)
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

    private string Store(Tensor tensor) => Initializer(names[tensor.Handle], FloatType, tensor.shape, TensorData.From(tensor).Bytes.Span);

    private string Constant(string name, long[] shape, ReadOnlySpan<float> values) => Initializer(name, FloatType, shape, MemoryMarshal.AsBytes(values));

    private string Numbers(params long[] values) =>
        Initializer($"numbers_{string.Join('_', values)}", Int64Type, [values.Length], MemoryMarshal.AsBytes(values.AsSpan()));

    private string Initializer(string name, int type, long[] shape, ReadOnlySpan<byte> data)
    {
        if (_stored.Add(name))
            Proto.Initializer.Add(
                new TensorProto
                {
                    Name = name,
                    DataType = type,
                    Dims = { shape },
                    RawData = ByteString.CopyFrom(data),
                }
            );
        return name;
    }

    private static AttributeProto Attribute(string name, float value) =>
        new()
        {
            Name = name,
            F = value,
            Type = 1,
        };

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
