using Kd.Vision.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Kd.Vision.Distillation;

/// <summary>A temperature that learns to make the loss larger while the student learns to make it smaller, harder and harder.</summary>
/// <remarks>
/// T = 1 + 20 sigmoid(theta), theta 1 at first; its gradient is turned around and scaled by (1 - cos(pi min(e / E, 1))) / 2 with e epochs done of
/// a ramp of E. Source: Li et al. 2023, "Curriculum Temperature for Knowledge Distillation", section 3 (the global version).
/// </remarks>
public sealed class CurriculumTemperature : IDisposable
{
    private const double Smallest = 1;
    private const double Range = 20;
    private const float First = 1;
    private readonly double _ramp;

    /// <param name="ramp">E, epochs, above 0.</param>
    /// <param name="device">Where it is.</param>
    public CurriculumTemperature(double ramp, Device device)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ramp);
        _ramp = ramp;
        using var start = full(1, First, device: device);
        Theta = new Parameter(start.DetachFromDisposeScope().clone().DetachFromDisposeScope());
    }

    /// <summary>What is learnt, shape [1]; an optimiser moves it with the student's weights.</summary>
    public Parameter Theta { get; }

    /// <summary>T as part of the graph, shape [1].</summary>
    public Tensor Temperature() => Theta.sigmoid().Times(Range).PlusInPlace(Smallest);

    /// <summary>Turns the gradient around; call it between backward and the optimiser's step.</summary>
    /// <param name="epochs">Epochs done, with fraction.</param>
    public void TurnGradient(double epochs)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        Theta.grad?.TimesInPlace(-Strength(epochs));
    }

    /// <summary>(1 - cos(pi min(e / E, 1))) / 2.</summary>
    internal double Strength(double epochs) => (1 - Math.Cos(Math.PI * Math.Min(epochs / _ramp, 1))) / 2;

    /// <inheritdoc/>
    public void Dispose() => Theta.Dispose();
}
