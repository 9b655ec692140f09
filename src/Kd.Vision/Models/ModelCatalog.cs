using Kd.Vision.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Models;

/// <summary>Builds a network by its name.</summary>
public static class ModelCatalog
{
    private const int DefaultSize = 224;

    // Weights are drawn from torch's global generator: two networks built at the same time would consume each other's numbers.
    private static readonly Lock s_generator = new();

    private static readonly IReadOnlyDictionary<string, Entry> s_entries = new Dictionary<string, Entry>
    {
        ["resnet18"] = new(_ => 512, false, form => ResNet.Create(18, form.Classes, form.SmallImages)),
        ["resnet34"] = new(_ => 512, false, form => ResNet.Create(34, form.Classes, form.SmallImages)),
        ["resnet50"] = new(_ => 2048, false, form => ResNet.Create(50, form.Classes, form.SmallImages)),
        ["resnet101"] = new(_ => 2048, false, form => ResNet.Create(101, form.Classes, form.SmallImages)),
        ["resnet152"] = new(_ => 2048, false, form => ResNet.Create(152, form.Classes, form.SmallImages)),
        ["cifar-resnet20"] = new(_ => 64, false, form => new CifarResNet(20, form.Classes)) { InputSize = 32 },
        ["cifar-resnet32"] = new(_ => 64, false, form => new CifarResNet(32, form.Classes)) { InputSize = 32 },
        ["cifar-resnet44"] = new(_ => 64, false, form => new CifarResNet(44, form.Classes)) { InputSize = 32 },
        ["cifar-resnet56"] = new(_ => 64, false, form => new CifarResNet(56, form.Classes)) { InputSize = 32 },
        ["cifar-resnet110"] = new(_ => 64, false, form => new CifarResNet(110, form.Classes)) { InputSize = 32 },
        ["mobilenet_v2"] = new(
            width => Layers.RoundChannels(1280 * Math.Max(1, width)),
            true,
            form => new MobileNetV2(form.Classes, form.Width, form.SmallImages)
        ),
        ["mobilenet_v3_small"] = new(
            width => Layers.RoundChannels(1024 * width),
            true,
            form => MobileNetV3.CreateSmall(form.Classes, form.Width, form.SmallImages)
        ),
        ["mobilenet_v3_large"] = new(
            width => Layers.RoundChannels(1280 * width),
            true,
            form => MobileNetV3.CreateLarge(form.Classes, form.Width, form.SmallImages)
        ),
        ["efficientnet_b0"] = new(width => 4 * Layers.RoundChannels(320 * width), true, form => new EfficientNet(form.Classes, form.Width, form.SmallImages)),
        ["shufflenet_v2_x0_5"] = new(_ => 1024, false, form => ShuffleNetV2.Create(0.5, form.Classes, form.SmallImages)),
        ["shufflenet_v2_x1_0"] = new(_ => 1024, false, form => ShuffleNetV2.Create(1, form.Classes, form.SmallImages)),
        ["shufflenet_v2_x1_5"] = new(_ => 1024, false, form => ShuffleNetV2.Create(1.5, form.Classes, form.SmallImages)),
        ["shufflenet_v2_x2_0"] = new(_ => 2048, false, form => ShuffleNetV2.Create(2, form.Classes, form.SmallImages)),
    };

    /// <summary>The names that <see cref="Create"/> accepts.</summary>
    public static IReadOnlyList<string> Architectures { get; } = [.. s_entries.Keys];

    /// <summary>Returns the width and height that a network was designed for, px. Other sizes work, but pretrained weights expect this one.</summary>
    /// <param name="architecture">One of <see cref="Architectures"/>; 224 for any other name.</param>
    public static int InputSize(string architecture) => s_entries.GetValueOrDefault(architecture)?.InputSize ?? DefaultSize;

    /// <summary>Returns the number of features from which a network's last layer computes its logits.</summary>
    /// <param name="architecture">One of <see cref="Architectures"/>.</param>
    /// <param name="width">Width multiplier.</param>
    /// <exception cref="ArgumentException">The name is not known.</exception>
    public static int Features(string architecture, double width = 1) => Find(architecture).Features(width);

    /// <summary>Returns whether a network has a width multiplier.</summary>
    /// <param name="architecture">One of <see cref="Architectures"/>.</param>
    /// <exception cref="ArgumentException">The name is not known.</exception>
    public static bool HasWidth(string architecture) => Find(architecture).HasWidth;

    /// <summary>Builds a classifier with random weights; safe on any thread as long as no other code draws from torch's generator at the same time.</summary>
    /// <param name="architecture">One of <see cref="Architectures"/>.</param>
    /// <param name="classes">Number of classes, at least 1.</param>
    /// <param name="seed">Seed of the weights.</param>
    /// <param name="width">Width multiplier; other than 1 only for MobileNets and EfficientNet.</param>
    /// <param name="smallImages">True for inputs of 64 px or less: the network halves their size two times fewer. Without effect on a cifar-resnet.</param>
    /// <exception cref="ArgumentException">The name is not known, or the network has no width multiplier.</exception>
    public static Module<Tensor, Tensor> Create(string architecture, int classes, long seed, double width = 1.0, bool smallImages = false)
    {
        TorchRuntime.EnsureLoaded();
        var entry = Find(architecture);
        if (width != 1 && !entry.HasWidth)
            throw new ArgumentException($"The width is {width}, but '{architecture}' has no width multiplier. Set it to 1.");
        lock (s_generator)
        {
            random.manual_seed(seed);
            return entry.Create(new Form(classes, width, smallImages));
        }
    }

    private static Entry Find(string architecture) =>
        s_entries.GetValueOrDefault(architecture)
        ?? throw new ArgumentException($"Architecture '{architecture}' is not known. Known: {string.Join(", ", Architectures)}.");

    private sealed record Form(int Classes, double Width, bool SmallImages);

    private sealed record Entry(Func<double, int> Features, bool HasWidth, Func<Form, Module<Tensor, Tensor>> Create)
    {
        public int InputSize { get; init; } = DefaultSize;
    }
}
