using Kd.Vision.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Kd.Vision.Optimization;

/// <summary>Adam with L2 weight decay, or with decoupled weight decay (AdamW), as torch.optim computes them.</summary>
/// <remarks>
/// Sources: Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization", algorithm 1; Loshchilov and Hutter 2019, "Decoupled Weight Decay
/// Regularization", algorithm 2.
/// </remarks>
public sealed class Adam : Optimizer
{
    private const double FirstDecay = 0.9;
    private const double SecondDecay = 0.999;
    private const double Epsilon = 1e-8;
    private readonly bool _decoupled;

    /// <summary>Creates an optimizer with moments of 0.</summary>
    /// <param name="parameters">The parameters to optimize; not owned.</param>
    /// <param name="learningRate">Step size, above 0.</param>
    /// <param name="weightDecay">At least 0.</param>
    /// <param name="decoupled">AdamW: scales the weights by 1 - learningRate * weightDecay. Else weightDecay * weights is added to the gradient.</param>
    public Adam(IEnumerable<Parameter> parameters, double learningRate, double weightDecay, bool decoupled = false)
        : base(parameters, learningRate, weightDecay, "first", "second") => _decoupled = decoupled;

    private protected override void Move(Parameter parameter, Tensor gradient, Tensor[] memory, double rate)
    {
        var (first, second) = (memory[0], memory[1]);
        var decay = DecayOf(parameter);
        if (decay > 0 && _decoupled)
            parameter.TimesInPlace(1 - rate * decay);
        else if (decay > 0)
            gradient = parameter.Times(decay).PlusInPlace(gradient);
        first.TimesInPlace(FirstDecay).PlusInPlace(gradient, 1 - FirstDecay);
        second.TimesInPlace(SecondDecay).PlusProductInPlace(gradient, gradient, 1 - SecondDecay);
        var secondCorrection = Math.Sqrt(1 - Math.Pow(SecondDecay, Steps));
        var denominator = second.sqrt().TimesInPlace(1 / secondCorrection).PlusInPlace(Epsilon);
        parameter.PlusQuotientInPlace(first, denominator, -rate / (1 - Math.Pow(FirstDecay, Steps)));
    }
}
