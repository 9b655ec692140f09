using Kd.Vision.Export;
using Kd.Vision.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Models;

/// <summary>ResNet-18/34/50/101/152 with torchvision's parameter names.</summary>
/// <remarks>
/// Source: He et al. 2016, "Deep Residual Learning for Image Recognition", table 1. A bottleneck has its stride in the 3x3 convolution, as in torchvision.
/// </remarks>
public sealed class ResNet : Module<Tensor, Tensor>, IOnnxSource
{
    private readonly Convolution conv1;
    private readonly BatchNorm bn1;
    private readonly MaxPool2d? _pool;
    private readonly Sequential layer1;
    private readonly Sequential layer2;
    private readonly Sequential layer3;
    private readonly Sequential layer4;
    private readonly Linear fc;

    private ResNet(int[] repeats, bool bottleneck, int classes, bool smallImages)
        : base(nameof(ResNet))
    {
        var input = 64;
        conv1 = new Convolution(3, 64, 7, smallImages ? 1 : 2);
        _pool = smallImages ? null : MaxPool2d(3, stride: 2, padding: 1);
        bn1 = new BatchNorm(64);
        layer1 = Stage(ref input, 64, repeats[0], 1, bottleneck);
        layer2 = Stage(ref input, 128, repeats[1], 2, bottleneck);
        layer3 = Stage(ref input, 256, repeats[2], 2, bottleneck);
        layer4 = Stage(ref input, 512, repeats[3], 2, bottleneck);
        fc = new Linear(input, classes);
        RegisterComponents();
        Initialization.KaimingFanOut(this);
    }

    /// <summary>Builds a ResNet with random weights.</summary>
    /// <param name="depth">18, 34, 50, 101 or 152.</param>
    /// <param name="classes">Number of classes, at least 1.</param>
    /// <param name="smallImages">True for inputs of 64 px or less: the stem keeps stride 1, and there is no max pooling.</param>
    /// <exception cref="ArgumentOutOfRangeException">The depth is another one, or there is no class.</exception>
    public static ResNet Create(int depth, int classes, bool smallImages = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        return depth switch
        {
            18 => new ResNet([2, 2, 2, 2], false, classes, smallImages),
            34 => new ResNet([3, 4, 6, 3], false, classes, smallImages),
            50 => new ResNet([3, 4, 6, 3], true, classes, smallImages),
            101 => new ResNet([3, 4, 23, 3], true, classes, smallImages),
            152 => new ResNet([3, 8, 36, 3], true, classes, smallImages),
            _ => throw new ArgumentOutOfRangeException(nameof(depth), depth, "A ResNet has 18, 34, 50, 101 or 152 layers."),
        };
    }

    /// <summary>Maps images to logits.</summary>
    /// <param name="images">Shape [N, 3, H, W], normalized.</param>
    /// <returns>Shape [N, C], before softmax.</returns>
    public override Tensor forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        var maps = functional.relu(bn1.call(conv1.call(images)), inplace: true); // [N, 64, H/2, W/2]
        maps = _pool?.call(maps) ?? maps; // [N, 64, H/4, W/4]
        maps = layer4.call(layer3.call(layer2.call(layer1.call(maps)))); // [N, F, H/32, W/32]
        var pooled = functional.adaptive_avg_pool2d(maps, (1, 1)).flatten(1); // [N, F]
        return fc.call(pooled).MoveToOuterDisposeScope(); // [N, C]
    }

    string IOnnxSource.WriteTo(OnnxGraph graph, string input)
    {
        var maps = graph.Relu(graph.Write(bn1, graph.Write(conv1, input)));
        if (_pool is not null)
            maps = graph.MaxPool(maps, 3, 2, 1);
        maps = new[] { layer1, layer2, layer3, layer4 }.Aggregate(maps, (value, layer) => graph.Write(layer, value));
        return graph.Write(fc, graph.Pool(maps));
    }

    private static Sequential Stage(ref int input, int width, int repeats, int stride, bool bottleneck)
    {
        var output = bottleneck ? 4 * width : width;
        var blocks = new List<Module<Tensor, Tensor>>();
        for (var repeat = 0; repeat < repeats; repeat++)
        {
            var blockStride = repeat == 0 ? stride : 1;
            blocks.Add(bottleneck ? new Bottleneck(input, width, blockStride) : new BasicBlock(input, width, blockStride));
            input = output;
        }

        return Sequential(blocks);
    }

    private static Sequential? Projection(int input, int output, int stride) =>
        stride == 1 && input == output ? null : Sequential(new Convolution(input, output, 1, stride), new BatchNorm(output));

    private sealed class BasicBlock : Module<Tensor, Tensor>, IOnnxSource
    {
        private readonly Convolution conv1;
        private readonly BatchNorm bn1;
        private readonly Convolution conv2;
        private readonly BatchNorm bn2;
        private readonly Sequential? downsample;

        public BasicBlock(int input, int width, int stride)
            : base(nameof(BasicBlock))
        {
            conv1 = new Convolution(input, width, 3, stride);
            bn1 = new BatchNorm(width);
            conv2 = new Convolution(width, width, 3);
            bn2 = new BatchNorm(width);
            downsample = Projection(input, width, stride);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var maps = functional.relu(bn1.call(conv1.call(input)), inplace: true); // [N, W, H/s, W/s]
            maps = bn2.call(conv2.call(maps));
            maps.PlusInPlace(downsample is null ? input : downsample.call(input));
            return functional.relu(maps, inplace: true).MoveToOuterDisposeScope();
        }

        string IOnnxSource.WriteTo(OnnxGraph graph, string input)
        {
            var maps = graph.Relu(graph.Write(bn1, graph.Write(conv1, input)));
            maps = graph.Write(bn2, graph.Write(conv2, maps));
            return graph.Relu(graph.Add(maps, downsample is null ? input : graph.Write(downsample, input)));
        }
    }

    private sealed class Bottleneck : Module<Tensor, Tensor>, IOnnxSource
    {
        private readonly Convolution conv1;
        private readonly BatchNorm bn1;
        private readonly Convolution conv2;
        private readonly BatchNorm bn2;
        private readonly Convolution conv3;
        private readonly BatchNorm bn3;
        private readonly Sequential? downsample;

        public Bottleneck(int input, int width, int stride)
            : base(nameof(Bottleneck))
        {
            conv1 = new Convolution(input, width, 1);
            bn1 = new BatchNorm(width);
            conv2 = new Convolution(width, width, 3, stride);
            bn2 = new BatchNorm(width);
            conv3 = new Convolution(width, 4 * width, 1);
            bn3 = new BatchNorm(4 * width);
            downsample = Projection(input, 4 * width, stride);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var maps = functional.relu(bn1.call(conv1.call(input)), inplace: true); // [N, W, H, W]
            maps = functional.relu(bn2.call(conv2.call(maps)), inplace: true); // [N, W, H/s, W/s]
            maps = bn3.call(conv3.call(maps)); // [N, 4W, H/s, W/s]
            maps.PlusInPlace(downsample is null ? input : downsample.call(input));
            return functional.relu(maps, inplace: true).MoveToOuterDisposeScope();
        }

        string IOnnxSource.WriteTo(OnnxGraph graph, string input)
        {
            var maps = graph.Relu(graph.Write(bn1, graph.Write(conv1, input)));
            maps = graph.Relu(graph.Write(bn2, graph.Write(conv2, maps)));
            maps = graph.Write(bn3, graph.Write(conv3, maps));
            return graph.Relu(graph.Add(maps, downsample is null ? input : graph.Write(downsample, input)));
        }
    }
}
