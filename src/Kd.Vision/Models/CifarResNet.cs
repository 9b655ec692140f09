using Kd.Vision.Export;
using Kd.Vision.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Models;

/// <summary>The CIFAR ResNets of 20, 32, 44, 56 and 110 layers with the parameter-free shortcut.</summary>
/// <remarks>Source: He et al. 2016, section 4.2, shortcut option A: subsampling by 2 and zero-padded channels.</remarks>
public sealed class CifarResNet : Module<Tensor, Tensor>, IOnnxSource
{
    private readonly Convolution conv1;
    private readonly BatchNorm bn1;
    private readonly Sequential layer1;
    private readonly Sequential layer2;
    private readonly Sequential layer3;
    private readonly Linear linear;

    /// <summary>Builds the network with random weights.</summary>
    /// <param name="depth">20, 32, 44, 56 or 110.</param>
    /// <param name="classes">Number of classes, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The depth is another one, or there is no class.</exception>
    public CifarResNet(int depth, int classes)
        : base(nameof(CifarResNet))
    {
        if (depth is not (20 or 32 or 44 or 56 or 110))
            throw new ArgumentOutOfRangeException(nameof(depth), depth, "A CIFAR ResNet has 20, 32, 44, 56 or 110 layers.");
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        var repeats = (depth - 2) / 6;
        conv1 = new Convolution(3, 16, 3);
        bn1 = new BatchNorm(16);
        layer1 = Stage(16, 16, repeats, 1);
        layer2 = Stage(16, 32, repeats, 2);
        layer3 = Stage(32, 64, repeats, 2);
        linear = new Linear(64, classes);
        RegisterComponents();
        Initialization.KaimingFanOut(this);
    }

    /// <summary>Maps images to logits.</summary>
    /// <param name="images">Shape [N, 3, H, W], normalized.</param>
    /// <returns>Shape [N, C], before softmax.</returns>
    public override Tensor forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        var maps = functional.relu(bn1.call(conv1.call(images)), inplace: true); // [N, 16, H, W]
        maps = layer3.call(layer2.call(layer1.call(maps))); // [N, 64, H/4, W/4]
        var pooled = functional.adaptive_avg_pool2d(maps, (1, 1)).flatten(1); // [N, 64]
        return linear.call(pooled).MoveToOuterDisposeScope(); // [N, C]
    }

    string IOnnxSource.WriteTo(OnnxGraph graph, string input)
    {
        var maps = graph.Relu(graph.Write(bn1, graph.Write(conv1, input)));
        maps = new[] { layer1, layer2, layer3 }.Aggregate(maps, (value, layer) => graph.Write(layer, value));
        return graph.Write(linear, graph.Pool(maps));
    }

    private static Sequential Stage(int input, int output, int repeats, int stride)
    {
        var blocks = new List<Module<Tensor, Tensor>>();
        for (var repeat = 0; repeat < repeats; repeat++)
            blocks.Add(new Block(repeat == 0 ? input : output, output, repeat == 0 ? stride : 1));
        return Sequential(blocks);
    }

    private sealed class Block : Module<Tensor, Tensor>, IOnnxSource
    {
        private readonly Convolution conv1;
        private readonly BatchNorm bn1;
        private readonly Convolution conv2;
        private readonly BatchNorm bn2;
        private readonly int _padding;

        public Block(int input, int output, int stride)
            : base(nameof(Block))
        {
            conv1 = new Convolution(input, output, 3, stride);
            bn1 = new BatchNorm(output);
            conv2 = new Convolution(output, output, 3);
            bn2 = new BatchNorm(output);
            _padding = stride == 1 && input == output ? 0 : output / 4;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var maps = functional.relu(bn1.call(conv1.call(input)), inplace: true); // [N, C, H/s, W/s]
            maps = bn2.call(conv2.call(maps));
            maps.PlusInPlace(_padding == 0 ? input : Shortcut(input));
            return functional.relu(maps, inplace: true).MoveToOuterDisposeScope();
        }

        string IOnnxSource.WriteTo(OnnxGraph graph, string input)
        {
            var maps = graph.Relu(graph.Write(bn1, graph.Write(conv1, input)));
            maps = graph.Write(bn2, graph.Write(conv2, maps));
            return graph.Relu(graph.Add(maps, _padding == 0 ? input : graph.PadChannels(graph.Subsample(input), _padding)));
        }

        private Tensor Shortcut(Tensor input)
        {
            var everySecond = TensorIndex.Slice(null, null, 2);
            var subsampled = input[TensorIndex.Ellipsis, everySecond, everySecond]; // [N, C/2, H/2, W/2]
            return functional.pad(subsampled, [0, 0, 0, 0, _padding, _padding]); // [N, C, H/2, W/2]
        }
    }
}
