using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Vision.Models;

/// <summary>A layer with a weight and an optional bias, with torch's parameter names and initial values.</summary>
/// <remarks>
/// TorchSharp's own layers never free their native module (0.7 kB), whether they are disposed or not: a trainer that stays would grow with each run.
/// </remarks>
internal abstract class AffineLayer : Module<Tensor, Tensor>
{
    private Parameter weight;
    private Parameter? bias;

    /// <summary>Draws both from a uniform distribution within 1 / sqrt(inputs of an output), as torch does.</summary>
    /// <param name="name">Name of the layer.</param>
    /// <param name="shape">Shape of the weight, outputs first.</param>
    /// <param name="hasBias">Whether there is a bias.</param>
    protected AffineLayer(string name, long[] shape, bool hasBias)
        : base(name)
    {
        weight = new Parameter(empty(shape));
        init.kaiming_uniform_(weight, Math.Sqrt(5));
        if (hasBias)
        {
            bias = new Parameter(empty(shape[0]));
            var bound = 1 / Math.Sqrt(init.CalculateFanInAndFanOut(weight).fanIn);
            init.uniform_(bias, -bound, bound);
        }

        RegisterComponents();
    }

    /// <summary>Outputs first. What is set replaces the old one, which is disposed.</summary>
    public Parameter Weight
    {
        get => weight;
        set
        {
            weight.Dispose();
            weight = Replace(nameof(weight), value);
        }
    }

    /// <summary>Shape [outputs]; null: none. What is set replaces the old one, which is disposed.</summary>
    public Parameter? Bias
    {
        get => bias;
        set
        {
            bias?.Dispose();
            bias = value is null ? null : Replace(nameof(bias), value);
        }
    }

    private Parameter Replace(string name, Parameter value)
    {
        ConditionallyRegisterParameter(name, value);
        value.DetachFromDisposeScope();
        return value;
    }
}
