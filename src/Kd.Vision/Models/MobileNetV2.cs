using Kd.Vision.Export;
using Kd.Vision.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Models;

/// <summary>MobileNetV2 with torchvision's parameter names.</summary>
/// <remarks>
/// Source: Sandler et al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks", table 2; names as in torchvision's <c>mobilenet_v2</c>.
/// </remarks>
public sealed class MobileNetV2 : Module<Tensor, Tensor>, IOnnxSource
{
    private readonly Sequential features;
    private readonly Sequential classifier;

    // Expansion t, channels c, repeats n, stride s: table 2 of the paper.
    private static readonly (int Expansion, int Channels, int Repeats, int Stride)[] s_stages =
    [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ];

    /// <summary>Builds the network with random weights from torch's global generator (torchvision's initialization).</summary>
    /// <param name="classes">Number of classes, at least 1.</param>
    /// <param name="width">Width multiplier, above 0; 1 is the paper's network.</param>
    /// <param name="smallImages">True for inputs of 64 px or less: the stem and the first strided stage keep stride 1.</param>
    /// <param name="dropout">Dropout before the classifier, 0 to 1 (torchvision: 0.2).</param>
    public MobileNetV2(int classes, double width = 1.0, bool smallImages = false, double dropout = 0.2)
        : base(nameof(MobileNetV2))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        var channels = Layers.RoundChannels(32 * width);
        var last = Layers.RoundChannels(1280 * Math.Max(1.0, width));
        var blocks = new List<Module<Tensor, Tensor>> { Layers.ConvNormActivation(3, channels, 3, smallImages ? 1 : 2, ReLU6()) };
        for (var stage = 0; stage < s_stages.Length; stage++)
        {
            var (expansion, output, repeats, stride) = s_stages[stage];
            var outputChannels = Layers.RoundChannels(output * width);
            for (var repeat = 0; repeat < repeats; repeat++)
            {
                var blockStride = repeat > 0 || (smallImages && stage == 1) ? 1 : stride;
                blocks.Add(new InvertedResidual(channels, outputChannels, blockStride, expansion));
                channels = outputChannels;
            }
        }

        blocks.Add(Layers.ConvNormActivation(channels, last, 1, 1, ReLU6()));
        features = Sequential(blocks);
        var linear = new Linear(last, classes);
        classifier = Sequential(Dropout(dropout), linear);
        RegisterComponents();
        Initialization.KaimingFanOut(this);
        init.normal_(linear.Weight, 0, 0.01);
        init.zeros_(linear.Bias!);
    }

    /// <summary>Maps images to logits.</summary>
    /// <param name="images">Shape [N, 3, H, W], normalized.</param>
    /// <returns>Shape [N, C], before softmax.</returns>
    public override Tensor forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        var maps = features.call(images); // [N, 3, H, W] -> [N, L, h, w]
        var pooled = functional.adaptive_avg_pool2d(maps, (1, 1)).flatten(1); // [N, L]
        return classifier.call(pooled).MoveToOuterDisposeScope(); // [N, C]
    }

    string IOnnxSource.WriteTo(OnnxGraph graph, string input) => graph.Write(classifier, graph.Pool(graph.Write(features, input)));

    private sealed class InvertedResidual : Module<Tensor, Tensor>, IOnnxSource
    {
        private readonly Sequential conv;
        private readonly bool _hasShortcut;

        public InvertedResidual(int input, int output, int stride, int expansion)
            : base(nameof(InvertedResidual))
        {
            var hidden = input * expansion;
            var layers = new List<Module<Tensor, Tensor>>();
            if (expansion != 1)
                layers.Add(Layers.ConvNormActivation(input, hidden, 1, 1, ReLU6()));
            layers.Add(Layers.ConvNormActivation(hidden, hidden, 3, stride, ReLU6(), groups: hidden));
            layers.Add(new Convolution(hidden, output, 1));
            layers.Add(new BatchNorm(output));
            conv = Sequential(layers);
            _hasShortcut = stride == 1 && input == output;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            var output = conv.call(input); // [N, Cin, H, W] -> [N, Cout, H/s, W/s]
            return _hasShortcut ? output.PlusInPlace(input) : output;
        }

        string IOnnxSource.WriteTo(OnnxGraph graph, string input)
        {
            var output = graph.Write(conv, input);
            return _hasShortcut ? graph.Add(output, input) : output;
        }
    }
}
