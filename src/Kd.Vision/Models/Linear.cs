using Kd.Vision.Export;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Models;

/// <summary>A linear layer with a bias.</summary>
/// <param name="inputs">Number of inputs.</param>
/// <param name="outputs">Number of outputs.</param>
internal sealed class Linear(int inputs, int outputs) : AffineLayer(nameof(Linear), [outputs, inputs], hasBias: true), IOnnxSource
{
    /// <inheritdoc/>
    public override Tensor forward(Tensor features) => functional.linear(features, Weight, Bias);

    string IOnnxSource.WriteTo(OnnxGraph graph, string input) => graph.Linear(input, Weight, Bias!);
}
