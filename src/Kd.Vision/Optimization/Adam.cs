using Kd.Vision.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Kd.Vision.Optimization;

/// <summary>Adam with L2 weight decay, as torch.optim.Adam computes it.</summary>
/// <remarks>
/// Source: Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization", algorithm 1. Not TorchSharp's, whose scalars a garbage collection
/// can free in the middle of a step (see <see cref="HeldScalars"/>).
/// </remarks>
public sealed class Adam : IDisposable
{
    private const double FirstDecay = 0.9;
    private const double SecondDecay = 0.999;
    private const double Epsilon = 1e-8;

    private readonly Slot[] _slots;
    private readonly double _weightDecay;

    /// <summary>Starts with moments of 0.</summary>
    /// <param name="parameters">What is optimised; not owned.</param>
    /// <param name="learningRate">Step size, above 0.</param>
    /// <param name="weightDecay">L2 factor, at least 0.</param>
    public Adam(IEnumerable<Parameter> parameters, double learningRate, double weightDecay)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(learningRate);
        ArgumentOutOfRangeException.ThrowIfNegative(weightDecay);
        (LearningRate, _weightDecay) = (learningRate, weightDecay);
        using var _ = no_grad();
        _slots = [.. parameters.Select(parameter => new Slot(parameter, zeros_like(parameter).DetachFromDisposeScope(), zeros_like(parameter).DetachFromDisposeScope()))];
    }

    /// <summary>Step size of the next step.</summary>
    public double LearningRate { get; set; }

    /// <summary>Steps taken.</summary>
    public long Steps { get; private set; }

    /// <summary>Drops the gradients of all parameters.</summary>
    public void ZeroGradients()
    {
        foreach (var slot in _slots)
        {
            using var old = slot.Parameter.grad;
            slot.Parameter.grad = null;
        }
    }

    /// <summary>Moves every parameter that has a gradient by one step.</summary>
    public void Step()
    {
        Steps++;
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var size = LearningRate / (1 - Math.Pow(FirstDecay, Steps));
        var secondCorrection = Math.Sqrt(1 - Math.Pow(SecondDecay, Steps));
        foreach (var slot in _slots)
        {
            if (slot.Parameter.grad is not { } gradient)
                continue;
            using var inner = NewDisposeScope();
            if (_weightDecay > 0)
                gradient = slot.Parameter.Times(_weightDecay).PlusInPlace(gradient);
            slot.First.TimesInPlace(FirstDecay).PlusInPlace(gradient, 1 - FirstDecay);
            slot.Second.TimesInPlace(SecondDecay).PlusProductInPlace(gradient, gradient, 1 - SecondDecay);
            var denominator = slot.Second.sqrt().TimesInPlace(1 / secondCorrection).PlusInPlace(Epsilon);
            slot.Parameter.PlusQuotientInPlace(slot.First, denominator, -size);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var slot in _slots)
        {
            slot.First.Dispose();
            slot.Second.Dispose();
        }
    }

    private sealed record Slot(Parameter Parameter, Tensor First, Tensor Second);
}
