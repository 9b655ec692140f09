using Kd.Vision.Export;
using Kd.Vision.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Models;

/// <summary>EfficientNet-B0 with torchvision's parameter names.</summary>
/// <remarks>
/// Source: Tan and Le 2019, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", table 1; stochastic depth by Huang et al. 2016;
/// names as in torchvision's <c>efficientnet_b0</c>.
/// </remarks>
public sealed class EfficientNet : Module<Tensor, Tensor>, IOnnxSource
{
    private const double StochasticDepth = 0.2;
    private readonly Sequential features;
    private readonly Sequential classifier;

    private static readonly (int Expansion, int Kernel, int Stride, int Output, int Repeats)[] s_stages =
    [
        (1, 3, 1, 16, 1),
        (6, 3, 2, 24, 2),
        (6, 5, 2, 40, 2),
        (6, 3, 2, 80, 3),
        (6, 5, 1, 112, 3),
        (6, 5, 2, 192, 4),
        (6, 3, 1, 320, 1),
    ];

    /// <summary>Builds the network with random weights from torch's global generator (torchvision's initialization).</summary>
    /// <param name="classes">Number of classes, at least 1.</param>
    /// <param name="width">Width multiplier, above 0; 1 is the paper's network.</param>
    /// <param name="smallImages">True for inputs of 64 px or less: the stem and the first strided stage keep stride 1.</param>
    /// <param name="dropout">Dropout before the classifier, 0 to 1 (torchvision: 0.2).</param>
    public EfficientNet(int classes, double width = 1, bool smallImages = false, double dropout = 0.2)
        : base(nameof(EfficientNet))
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 1);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        var channels = Layers.RoundChannels(32 * width);
        var stages = new List<Module<Tensor, Tensor>> { Layers.ConvNormActivation(3, channels, 3, smallImages ? 1 : 2, SiLU()) };
        var (block, blocks) = (0, s_stages.Sum(stage => stage.Repeats));
        foreach (var (index, stage) in s_stages.Index())
        {
            var output = Layers.RoundChannels(stage.Output * width);
            var layers = new List<Module<Tensor, Tensor>>();
            for (var repeat = 0; repeat < stage.Repeats; repeat++)
            {
                var stride = repeat > 0 || (smallImages && index == 1) ? 1 : stage.Stride;
                layers.Add(new InvertedResidual(channels, output, stage.Expansion, stage.Kernel, stride, StochasticDepth * block++ / blocks));
                channels = output;
            }

            stages.Add(Sequential(layers));
        }

        var last = 4 * channels;
        stages.Add(Layers.ConvNormActivation(channels, last, 1, 1, SiLU()));
        features = Sequential(stages);
        var linear = new Linear(last, classes);
        classifier = Sequential(Dropout(dropout), linear);
        RegisterComponents();
        Initialization.KaimingFanOut(this);
        var range = 1 / Math.Sqrt(classes);
        init.uniform_(linear.Weight, -range, range);
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
        private readonly Sequential block;
        private readonly bool _hasShortcut;
        private readonly double _dropped;

        public InvertedResidual(int input, int output, int expansion, int kernel, int stride, double dropped)
            : base(nameof(InvertedResidual))
        {
            var expanded = Layers.RoundChannels(input * expansion);
            var layers = new List<Module<Tensor, Tensor>>();
            if (expanded != input)
                layers.Add(Layers.ConvNormActivation(input, expanded, 1, 1, SiLU()));
            layers.Add(Layers.ConvNormActivation(expanded, expanded, kernel, stride, SiLU(), groups: expanded));
            layers.Add(new SqueezeExcitation(expanded, Math.Max(1, input / 4), isHard: false));
            layers.Add(Layers.ConvNormActivation(expanded, output, 1, 1, activation: null));
            block = Sequential(layers);
            _hasShortcut = stride == 1 && input == output;
            _dropped = dropped;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            using var scope = NewDisposeScope();
            var output = block.call(input); // [N, Cin, H, W] -> [N, Cout, H/s, W/s]
            if (!_hasShortcut)
                return output.MoveToOuterDisposeScope();
            if (training && _dropped > 0)
                output = output * KeptRows(output);
            return output.PlusInPlace(input).MoveToOuterDisposeScope();
        }

        string IOnnxSource.WriteTo(OnnxGraph graph, string input)
        {
            var output = graph.Write(block, input);
            return _hasShortcut ? graph.Add(output, input) : output;
        }

        // 1 / (1 - p) for the samples whose block is kept, and 0 for the others: [N, 1, 1, 1].
        private Tensor KeptRows(Tensor output) =>
            empty([output.shape[0], 1, 1, 1], output.dtype, output.device).bernoulli_(1 - _dropped).TimesInPlace(1 / (1 - _dropped));
    }
}
