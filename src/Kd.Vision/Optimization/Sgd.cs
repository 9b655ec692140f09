using Kd.Vision.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Kd.Vision.Optimization;

/// <summary>Stochastic gradient descent with momentum and L2 weight decay, as torch.optim.SGD computes it (no dampening).</summary>
/// <remarks>
/// v = momentum * v + g; w = w - learningRate * v, or w - learningRate * (g + momentum * v) with Nesterov's momentum.
/// Source: Sutskever et al. 2013, in the form of torch.optim.SGD.
/// </remarks>
public sealed class Sgd : Optimizer
{
    private readonly double _momentum;
    private readonly bool _nesterov;

    /// <summary>Creates an optimizer with a velocity of 0.</summary>
    /// <param name="parameters">The parameters to optimize; not owned.</param>
    /// <param name="learningRate">Step size, above 0.</param>
    /// <param name="weightDecay">L2 factor, at least 0.</param>
    /// <param name="momentum">Momentum, 0 to 1.</param>
    /// <param name="nesterov">Whether the step looks ahead along the velocity.</param>
    public Sgd(IEnumerable<Parameter> parameters, double learningRate, double weightDecay, double momentum, bool nesterov = false)
        : base(parameters, learningRate, weightDecay, "velocity") => (_momentum, _nesterov) = (momentum, nesterov);

    private protected override void Move(Parameter parameter, Tensor gradient, Tensor[] memory, double rate)
    {
        if (DecayOf(parameter) is var decay and > 0)
            gradient = parameter.Times(decay).PlusInPlace(gradient);
        memory[0].TimesInPlace(_momentum).PlusInPlace(gradient);
        if (_nesterov)
            parameter.PlusInPlace(gradient, -rate).PlusInPlace(memory[0], -rate * _momentum);
        else
            parameter.PlusInPlace(memory[0], -rate);
    }
}
