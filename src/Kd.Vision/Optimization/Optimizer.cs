using Kd.Vision.Checkpoints;
using Kd.Vision.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Kd.Vision.Optimization;

/// <summary>Updates parameters from their gradients. Its state can be saved and restored to the bit.</summary>
/// <remarks>
/// TorchSharp's optimizers are not used: a garbage collection can free their scalars in the middle of a step (see <see cref="HeldScalars"/>).
/// </remarks>
public abstract class Optimizer : IDisposable
{
    private readonly Parameter[] _parameters;
    private readonly (string Name, Tensor[] Slots)[] _memory;

    /// <summary>Creates the state of all parameters, filled with 0.</summary>
    /// <param name="parameters">The parameters to optimize; not owned.</param>
    /// <param name="learningRate">Step size, above 0.</param>
    /// <param name="weightDecay">At least 0.</param>
    /// <param name="memory">Names of the state tensors that each parameter has.</param>
    private protected Optimizer(IEnumerable<Parameter> parameters, double learningRate, double weightDecay, params string[] memory)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(learningRate);
        ArgumentOutOfRangeException.ThrowIfNegative(weightDecay);
        (_parameters, LearningRate, WeightDecay) = ([.. parameters], learningRate, weightDecay);
        using var _ = no_grad();
        _memory = Array.ConvertAll(memory, name => (name, Array.ConvertAll(_parameters, parameter => zeros_like(parameter).DetachFromDisposeScope())));
    }

    /// <summary>Step size of the next step.</summary>
    public double LearningRate { get; set; }

    /// <summary>Steps taken.</summary>
    public long Steps { get; private set; }

    /// <summary>The state tensors, named by kind and index of the parameter.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State =>
        _memory.SelectMany(memory => memory.Slots.Select((slot, index) => new KeyValuePair<string, Tensor>($"{memory.Name}.{index}", slot)));

    /// <summary>Strength of the weight decay.</summary>
    private protected double WeightDecay { get; }

    /// <summary>Whether weight decay applies to scales, shifts and biases too, the parameters of one dimension. Default true, as in torch.optim.</summary>
    public bool DecaysVectors { get; init; } = true;

    /// <summary>Factor of the step size of a parameter. Default 1 for all.</summary>
    public Func<Parameter, double> RateFactor { get; init; } = _ => 1;

    /// <summary>Drops the gradients of all parameters.</summary>
    public void ZeroGradients()
    {
        foreach (var parameter in _parameters)
        {
            using var old = parameter.grad;
            parameter.grad = null;
        }
    }

    /// <summary>Scales all gradients down if their common norm exceeds a limit.</summary>
    /// <remarks>Computes g * min(1, limit / (|g| + 1e-6)), as torch.nn.utils.clip_grad_norm_ does; source: Pascanu et al. 2013, algorithm 1.</remarks>
    /// <param name="limit">Largest Euclidean norm of all gradients together, above 0.</param>
    /// <returns>The norm before scaling.</returns>
    public double ClipGradients(double limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var gradients = _parameters.Select(parameter => parameter.grad).OfType<Tensor>().ToList();
        var norm = (double)stack(gradients.Select(gradient => gradient.norm())).norm().Single();
        var factor = limit / (norm + 1e-6);
        if (factor < 1)
            gradients.ForEach(gradient => gradient.TimesInPlace(factor));
        return norm;
    }

    /// <summary>Updates every parameter that has a gradient by one step.</summary>
    public void Step()
    {
        Steps++;
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        for (var i = 0; i < _parameters.Length; i++)
        {
            if (_parameters[i].grad is not { } gradient)
                continue;
            using var inner = NewDisposeScope();
            Move(_parameters[i], gradient, Array.ConvertAll(_memory, memory => memory.Slots[i]), LearningRate * RateFactor(_parameters[i]));
        }
    }

    /// <summary>Restores the state of another optimizer of the same kind.</summary>
    /// <param name="steps">Its number of steps.</param>
    /// <param name="state">Its <see cref="State"/>.</param>
    /// <exception cref="KeyNotFoundException">A state tensor is missing.</exception>
    public void Restore(long steps, IReadOnlyDictionary<string, TensorData> state)
    {
        using var _ = no_grad();
        Steps = steps;
        foreach (var (name, slot) in State)
        {
            using var saved = state[name].ToTensor();
            slot.copy_(saved);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var slot in _memory.SelectMany(memory => memory.Slots))
            slot.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Returns the strength of a parameter's weight decay.</summary>
    private protected double DecayOf(Parameter parameter) => DecaysVectors || parameter.dim() > 1 ? WeightDecay : 0;

    /// <summary>Updates one parameter; runs without gradient recording, in a dispose scope of its own.</summary>
    private protected abstract void Move(Parameter parameter, Tensor gradient, Tensor[] memory, double rate);
}
