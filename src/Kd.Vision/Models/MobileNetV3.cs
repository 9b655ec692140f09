using Kd.Vision.Export;
using Kd.Vision.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Models;

/// <summary>MobileNetV3 small and large with torchvision's parameter names.</summary>
/// <remarks>
/// Source: Howard et al. 2019, "Searching for MobileNetV3", tables 1 and 2; names as in torchvision's <c>mobilenet_v3_small</c> and <c>mobilenet_v3_large</c>.
/// </remarks>
public sealed class MobileNetV3 : Module<Tensor, Tensor>, IOnnxSource
{
    private const double Epsilon = 1e-3;
    private readonly Sequential features;
    private readonly Sequential classifier;

    private static readonly Block[] s_large =
    [
        new(3, 16, 16, false, false, 1),
        new(3, 64, 24, false, false, 2),
        new(3, 72, 24, false, false, 1),
        new(5, 72, 40, true, false, 2),
        new(5, 120, 40, true, false, 1),
        new(5, 120, 40, true, false, 1),
        new(3, 240, 80, false, true, 2),
        new(3, 200, 80, false, true, 1),
        new(3, 184, 80, false, true, 1),
        new(3, 184, 80, false, true, 1),
        new(3, 480, 112, true, true, 1),
        new(3, 672, 112, true, true, 1),
        new(5, 672, 160, true, true, 2),
        new(5, 960, 160, true, true, 1),
        new(5, 960, 160, true, true, 1),
    ];

    private static readonly Block[] s_small =
    [
        new(3, 16, 16, true, false, 2),
        new(3, 72, 24, false, false, 2),
        new(3, 88, 24, false, false, 1),
        new(5, 96, 40, true, true, 2),
        new(5, 240, 40, true, true, 1),
        new(5, 240, 40, true, true, 1),
        new(5, 120, 48, true, true, 1),
        new(5, 144, 48, true, true, 1),
        new(5, 288, 96, true, true, 2),
        new(5, 576, 96, true, true, 1),
        new(5, 576, 96, true, true, 1),
    ];

    private MobileNetV3(Block[] blocks, int last, int classes, double width, bool smallImages, double dropout)
        : base(nameof(MobileNetV3))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        var channels = Layers.RoundChannels(16 * width);
        var layers = new List<Module<Tensor, Tensor>> { Layers.ConvNormActivation(3, channels, 3, smallImages ? 1 : 2, Hardswish(), epsilon: Epsilon) };
        var strided = smallImages ? Array.FindIndex(blocks, block => block.Stride == 2) : -1;
        foreach (var (index, block) in blocks.Index())
        {
            layers.Add(new InvertedResidual(channels, index == strided ? block with { Stride = 1 } : block, width));
            channels = Layers.RoundChannels(block.Output * width);
        }

        var (mixed, hidden) = (6 * channels, Layers.RoundChannels(last * width));
        layers.Add(Layers.ConvNormActivation(channels, mixed, 1, 1, Hardswish(), epsilon: Epsilon));
        features = Sequential(layers);
        classifier = Sequential(new Linear(mixed, hidden), Hardswish(), Dropout(dropout), new Linear(hidden, classes));
        RegisterComponents();
        Initialization.KaimingFanOut(this);
        foreach (var linear in modules().OfType<Linear>())
        {
            init.normal_(linear.Weight, 0, 0.01);
            init.zeros_(linear.Bias!);
        }
    }

    /// <summary>Builds the large network with random weights from torch's global generator (torchvision's initialization).</summary>
    /// <param name="classes">Number of classes, at least 1.</param>
    /// <param name="width">Width multiplier, above 0; 1 is the paper's network.</param>
    /// <param name="smallImages">True for inputs of 64 px or less: the stem and the first strided block keep stride 1.</param>
    /// <param name="dropout">Dropout before the last layer, 0 to 1 (torchvision: 0.2).</param>
    public static MobileNetV3 CreateLarge(int classes, double width = 1, bool smallImages = false, double dropout = 0.2) =>
        new(s_large, 1280, classes, width, smallImages, dropout);

    /// <summary>Builds the small network; otherwise as <see cref="CreateLarge"/>.</summary>
    public static MobileNetV3 CreateSmall(int classes, double width = 1, bool smallImages = false, double dropout = 0.2) =>
        new(s_small, 1024, classes, width, smallImages, dropout);

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

    // A row of the paper's table at width 1: exp size, #out, SE, NL (hard swish instead of ReLU), s.
    private readonly record struct Block(int Kernel, int Expanded, int Output, bool HasGate, bool IsHardSwish, int Stride);

    private sealed class InvertedResidual : Module<Tensor, Tensor>, IOnnxSource
    {
        private readonly Sequential block;
        private readonly bool _hasShortcut;

        public InvertedResidual(int input, Block row, double width)
            : base(nameof(InvertedResidual))
        {
            var (expanded, output) = (Layers.RoundChannels(row.Expanded * width), Layers.RoundChannels(row.Output * width));
            var layers = new List<Module<Tensor, Tensor>>();
            if (expanded != input)
                layers.Add(Layers.ConvNormActivation(input, expanded, 1, 1, Activation(), epsilon: Epsilon));
            layers.Add(Layers.ConvNormActivation(expanded, expanded, row.Kernel, row.Stride, Activation(), groups: expanded, epsilon: Epsilon));
            if (row.HasGate)
                layers.Add(new SqueezeExcitation(expanded, Layers.RoundChannels(expanded / 4), isHard: true));
            layers.Add(Layers.ConvNormActivation(expanded, output, 1, 1, activation: null, epsilon: Epsilon));
            block = Sequential(layers);
            _hasShortcut = row.Stride == 1 && input == output;
            RegisterComponents();

            Module<Tensor, Tensor> Activation() => row.IsHardSwish ? Hardswish() : ReLU(inplace: true);
        }

        public override Tensor forward(Tensor input)
        {
            var output = block.call(input); // [N, Cin, H, W] -> [N, Cout, H/s, W/s]
            return _hasShortcut ? output.PlusInPlace(input) : output;
        }

        string IOnnxSource.WriteTo(OnnxGraph graph, string input)
        {
            var output = graph.Write(block, input);
            return _hasShortcut ? graph.Add(output, input) : output;
        }
    }
}
