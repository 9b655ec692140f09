using Kd.Vision.Export;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Models;

/// <summary>ShuffleNetV2 x0.5, x1.0, x1.5 and x2.0 with torchvision's parameter names.</summary>
/// <remarks>
/// Source: Ma et al. 2018, "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design", table 5; names as in torchvision's
/// <c>shufflenet_v2_x1_0</c>.
/// </remarks>
public sealed class ShuffleNetV2 : Module<Tensor, Tensor>, IOnnxSource
{
    private const int Stem = 24;
    private readonly Sequential conv1;
    private readonly MaxPool2d? _pool;
    private readonly Sequential stage2;
    private readonly Sequential stage3;
    private readonly Sequential stage4;
    private readonly Sequential conv5;
    private readonly Linear fc;

    /// <summary>Builds the network with random weights from torch's global generator (torchvision's initialization).</summary>
    /// <param name="channels">Channels of the stages 2 to 4 and of the last convolution.</param>
    /// <param name="classes">Number of classes, at least 1.</param>
    /// <param name="smallImages">True for inputs of 64 px or less: the stem keeps stride 1, and there is no max pooling.</param>
    private ShuffleNetV2((int Stage2, int Stage3, int Stage4, int Last) channels, int classes, bool smallImages)
        : base(nameof(ShuffleNetV2))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        conv1 = Layers.ConvNormActivation(3, Stem, 3, smallImages ? 1 : 2, ReLU(inplace: true));
        _pool = smallImages ? null : MaxPool2d(3, stride: 2, padding: 1);
        stage2 = Stage(Stem, channels.Stage2, 4);
        stage3 = Stage(channels.Stage2, channels.Stage3, 8);
        stage4 = Stage(channels.Stage3, channels.Stage4, 4);
        conv5 = Layers.ConvNormActivation(channels.Stage4, channels.Last, 1, 1, ReLU(inplace: true));
        fc = new Linear(channels.Last, classes);
        RegisterComponents();
    }

    /// <summary>Builds a network of the paper.</summary>
    /// <param name="width">0.5, 1, 1.5 or 2.</param>
    /// <param name="classes">Number of classes, at least 1.</param>
    /// <param name="smallImages">True for inputs of 64 px or less: the stem keeps stride 1, and there is no max pooling.</param>
    /// <exception cref="ArgumentOutOfRangeException">The width is another one, or there is no class.</exception>
    public static ShuffleNetV2 Create(double width, int classes, bool smallImages = false) =>
        width switch
        {
            0.5 => new ShuffleNetV2((48, 96, 192, 1024), classes, smallImages),
            1 => new ShuffleNetV2((116, 232, 464, 1024), classes, smallImages),
            1.5 => new ShuffleNetV2((176, 352, 704, 1024), classes, smallImages),
            2 => new ShuffleNetV2((244, 488, 976, 2048), classes, smallImages),
            _ => throw new ArgumentOutOfRangeException(nameof(width), width, "A ShuffleNetV2 has the width 0.5, 1, 1.5 or 2."),
        };

    /// <summary>Maps images to logits.</summary>
    /// <param name="images">Shape [N, 3, H, W], normalized.</param>
    /// <returns>Shape [N, C], before softmax.</returns>
    public override Tensor forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        var maps = conv1.call(images); // [N, 24, H/2, W/2]
        maps = _pool?.call(maps) ?? maps; // [N, 24, H/4, W/4]
        maps = conv5.call(stage4.call(stage3.call(stage2.call(maps)))); // [N, L, H/32, W/32]
        var pooled = functional.adaptive_avg_pool2d(maps, (1, 1)).flatten(1); // [N, L]
        return fc.call(pooled).MoveToOuterDisposeScope(); // [N, C]
    }

    string IOnnxSource.WriteTo(OnnxGraph graph, string input)
    {
        var maps = graph.Write(conv1, input);
        if (_pool is not null)
            maps = graph.MaxPool(maps, 3, 2, 1);
        maps = new[] { stage2, stage3, stage4, conv5 }.Aggregate(maps, (value, layer) => graph.Write(layer, value));
        return graph.Write(fc, graph.Pool(maps));
    }

    private static Sequential Stage(int input, int output, int repeats) =>
        Sequential(Enumerable.Range(0, repeats).Select(repeat => (Module<Tensor, Tensor>)new Unit(repeat == 0 ? input : output, output, repeat == 0 ? 2 : 1)));

    private sealed class Unit : Module<Tensor, Tensor>, IOnnxSource
    {
        private readonly Sequential branch1;
        private readonly Sequential branch2;
        private readonly int _half;
        private readonly bool _splits;

        public Unit(int input, int output, int stride)
            : base(nameof(Unit))
        {
            (_half, _splits) = (output / 2, stride == 1);
            branch1 = _splits ? Sequential() : Sequential([.. Depthwise(input, stride), .. Pointwise(input, _half)]);
            var entering = _splits ? _half : input;
            branch2 = Sequential([.. Pointwise(entering, _half), .. Depthwise(_half, stride), .. Pointwise(_half, _half)]);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            Tensor joined;
            if (_splits)
            {
                var halves = input.chunk(2, 1); // 2 x [N, C/2, H, W]
                joined = cat([halves[0], branch2.call(halves[1])], 1);
            }
            else
            {
                joined = cat([branch1.call(input), branch2.call(input)], 1); // [N, C, H/2, W/2]
            }

            var shape = joined.shape;
            // Channels of both halves in turn.
            return joined.reshape(shape[0], 2, _half, shape[2], shape[3]).transpose(1, 2).reshape(shape).MoveToOuterDisposeScope();
        }

        string IOnnxSource.WriteTo(OnnxGraph graph, string input)
        {
            var first = _splits ? graph.Channels(input, 0, _half) : graph.Write(branch1, input);
            var second = graph.Write(branch2, _splits ? graph.Channels(input, _half, 2 * _half) : input);
            return graph.Shuffle(graph.Concatenate(first, second), 2, _half);
        }

        private static Module<Tensor, Tensor>[] Depthwise(int channels, int stride) =>
            [new Convolution(channels, channels, 3, stride, groups: channels), new BatchNorm(channels)];

        private static Module<Tensor, Tensor>[] Pointwise(int input, int output) =>
            [new Convolution(input, output, 1), new BatchNorm(output), ReLU(inplace: true)];
    }
}
