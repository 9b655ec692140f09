using Kd.Vision.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Kd.Vision.Optimization;

/// <summary>Stochastic gradient descent with momentum and L2 weight decay, as torch.optim.SGD computes it (no dampening).</summary>
/// <remarks>v = momentum * v + g; w = w - learningRate * v. Source: Sutskever et al. 2013, in the form of torch.optim.SGD.</remarks>
public sealed class Sgd : Optimizer
{
    private readonly double _momentum;

    /// <summary>Creates an optimizer with a velocity of 0.</summary>
    /// <param name="parameters">The parameters to optimize; not owned.</param>
    /// <param name="learningRate">Step size, above 0.</param>
    /// <param name="weightDecay">L2 factor, at least 0.</param>
    /// <param name="momentum">Momentum, 0 to 1.</param>
    public Sgd(IEnumerable<Parameter> parameters, double learningRate, double weightDecay, double momentum)
        : base(parameters, learningRate, weightDecay, "velocity") => _momentum = momentum;

    private protected override void Move(Parameter parameter, Tensor gradient, Tensor[] memory)
    {
        if (WeightDecay > 0)
            gradient = parameter.Times(WeightDecay).PlusInPlace(gradient);
        memory[0].TimesInPlace(_momentum).PlusInPlace(gradient);
        parameter.PlusInPlace(memory[0], -LearningRate);
    }
}
