using System.Globalization;
using Kd.Vision.Runtime;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Models;

/// <summary>Builds a network by its name.</summary>
public static class ModelCatalog
{
    // Weights are drawn from torch's global generator: two networks built at the same time would consume each other's numbers.
    private static readonly Lock s_generator = new();

    /// <summary>The names that <see cref="Create"/> accepts.</summary>
    public static IReadOnlyList<string> Architectures { get; } =
    [
        "resnet18",
        "resnet34",
        "resnet50",
        "resnet101",
        "resnet152",
        "cifar-resnet20",
        "cifar-resnet32",
        "cifar-resnet44",
        "cifar-resnet56",
        "cifar-resnet110",
        "mobilenet_v2",
    ];

    /// <summary>Returns the width and height that a network was designed for, px. Other sizes work, but pretrained weights expect this one.</summary>
    /// <param name="architecture">One of <see cref="Architectures"/>.</param>
    public static int InputSize(string architecture) => architecture.StartsWith("cifar", StringComparison.Ordinal) ? 32 : 224;

    /// <summary>Returns the number of features from which a network's last layer computes its logits, at width 1.</summary>
    /// <param name="architecture">One of <see cref="Architectures"/>.</param>
    /// <exception cref="ArgumentException">The name is not known.</exception>
    public static int Features(string architecture)
    {
        RequireKnown(architecture);
        return architecture switch
        {
            "resnet18" or "resnet34" => 512,
            "mobilenet_v2" => 1280,
            _ => architecture.StartsWith("cifar", StringComparison.Ordinal) ? 64 : 2048,
        };
    }

    /// <summary>Builds a classifier with random weights; safe on any thread as long as no other code draws from torch's generator at the same time.</summary>
    /// <param name="architecture">One of <see cref="Architectures"/>.</param>
    /// <param name="classes">Number of classes, at least 1.</param>
    /// <param name="seed">Seed of the weights.</param>
    /// <param name="width">Width multiplier; only <c>mobilenet_v2</c> has one.</param>
    /// <param name="smallImages">True for inputs of 64 px or less; only <c>mobilenet_v2</c> has this variant.</param>
    /// <exception cref="ArgumentException">The name is not known.</exception>
    public static Module<Tensor, Tensor> Create(string architecture, int classes, long seed, double width = 1.0, bool smallImages = false)
    {
        TorchRuntime.EnsureLoaded();
        RequireKnown(architecture);
        const string cifar = "cifar-resnet",
            resnet = "resnet";
        lock (s_generator)
        {
            random.manual_seed(seed);
            if (architecture.StartsWith(cifar, StringComparison.Ordinal))
                return new CifarResNet(Depth(cifar), classes);
            if (architecture.StartsWith(resnet, StringComparison.Ordinal))
                return ResNet.Create(Depth(resnet), classes);
            return new MobileNetV2(classes, width, smallImages);
        }

        int Depth(string prefix) => int.Parse(architecture.AsSpan(prefix.Length), CultureInfo.InvariantCulture);
    }

    private static void RequireKnown(string architecture)
    {
        if (!Architectures.Contains(architecture))
            throw new ArgumentException($"Architecture '{architecture}' is not known. Known: {string.Join(", ", Architectures)}.");
    }
}
