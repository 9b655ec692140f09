using Kd.Vision.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Kd.Vision.Distillation;

/// <summary>A learned temperature that increases the loss while the student decreases it, with a strength that grows during training.</summary>
/// <remarks>
/// T = 1 + 20 sigmoid(theta), with theta initially 1. Its gradient is negated and scaled by (1 - cos(pi min(e / E, 1))) / 2 after e epochs of a
/// ramp of E epochs. Source: Li et al. 2023, "Curriculum Temperature for Knowledge Distillation", section 3 (the global version).
/// </remarks>
public sealed class CurriculumTemperature : IDisposable
{
    private const double Smallest = 1;
    private const double Range = 20;
    private readonly double _ramp;

    /// <summary>Creates the parameter on a device.</summary>
    /// <param name="ramp">E, epochs, above 0.</param>
    /// <param name="device">The student's device.</param>
    public CurriculumTemperature(double ramp, Device device)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ramp);
        _ramp = ramp;
        using var start = ones(1, device: device);
        Theta = new Parameter(start.DetachFromDisposeScope().clone().DetachFromDisposeScope());
    }

    /// <summary>The learned parameter, shape [1]; the optimizer updates it together with the student's weights.</summary>
    public Parameter Theta { get; }

    /// <summary>Computes T as part of the graph, shape [1].</summary>
    public Tensor Temperature() => Theta.sigmoid().Times(Range).PlusInPlace(Smallest);

    /// <summary>Negates and scales the gradient; must be called between backward and the optimizer's step.</summary>
    /// <param name="epochs">Epochs done, including a fraction.</param>
    public void TurnGradient(double epochs)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Theta.grad?.TimesInPlace(-Strength(epochs));
    }

    /// <summary>Computes (1 - cos(pi min(e / E, 1))) / 2.</summary>
    internal double Strength(double epochs) => (1 - Math.Cos(Math.PI * Math.Min(epochs / _ramp, 1))) / 2;

    /// <inheritdoc/>
    public void Dispose() => Theta.Dispose();
}
