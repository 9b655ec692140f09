using Kd.Vision.Distillation;
using Kd.Vision.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.StudentTrainer.Training;

/// <summary>The loss of a method. Sources of the formulas: <see cref="DistillationLoss"/>.</summary>
internal sealed class LossFunction : IDisposable
{
    private readonly DistillationOptions _options;
    private readonly double _smoothing;
    private readonly CurriculumTemperature? _temperature;

    /// <param name="options">Method and weights.</param>
    /// <param name="method">The method, which a study sets.</param>
    /// <param name="smoothing">Label smoothing, 0 to 1.</param>
    /// <param name="device">Where the logits are.</param>
    public LossFunction(DistillationOptions options, string method, double smoothing, Device device)
    {
        (_options, Method, _smoothing) = (options, method, smoothing);
        _temperature = method == Methods.LearntTemperature ? new CurriculumTemperature(options.TemperatureRamp, device) : null;
    }

    public string Method { get; }

    /// <summary>What the loss itself learns, or null.</summary>
    public Parameter? Learnt => _temperature?.Theta;

    /// <summary>The mean loss of a batch, a scalar.</summary>
    /// <param name="logits">The student's, shape [N, C].</param>
    /// <param name="teacher">The teacher's at temperature 1, shape [N, C]; null for labels.</param>
    /// <param name="labels">Shape [N].</param>
    /// <param name="moment">Where the run is.</param>
    public Tensor Compute(Tensor logits, Tensor? teacher, Tensor labels, Moment moment)
    {
        if (Method == Methods.Labels)
            return CrossEntropy();
        if (teacher is null)
            throw new InvalidOperationException($"The method {Method} needs teacher logits.");
        var options = _options;
        return Method switch
        {
            Methods.Mixed => DistillationLoss.Mixed(logits, teacher, labels, moment.Temperature, options.Alpha, _smoothing),
            Methods.Decoupled => WithLabels(
                DistillationLoss.Decoupled(logits, teacher, labels, moment.Temperature, options.TargetWeight, options.OthersWeight).Times(Ramp(moment.Epochs))
            ),
            Methods.Relations => WithLabels(DistillationLoss.Relations(logits, teacher, moment.Temperature, options.InterWeight, options.IntraWeight)),
            Methods.LearntTemperature => WithLabels(DistillationLoss.Soft(logits, teacher, _temperature!.Temperature())),
            _ => DistillationLoss.Soft(logits, teacher, moment.Temperature),
        };

        Tensor CrossEntropy() => functional.cross_entropy(logits, labels, label_smoothing: _smoothing);

        Tensor WithLabels(Tensor soft) => options.LabelWeight == 0 ? soft : CrossEntropy().Times(options.LabelWeight).Plus(soft);
    }

    /// <summary>To be called between backward and the optimiser's step.</summary>
    public void AfterBackward(Moment moment) => _temperature?.TurnGradient(moment.Epochs);

    public void Dispose() => _temperature?.Dispose();

    private double Ramp(double epochs) => _options.RampEpochs == 0 ? 1 : Math.Min(epochs / _options.RampEpochs, 1);
}

/// <summary>Where a run is at a step.</summary>
/// <param name="Epochs">Epochs done, with fraction.</param>
/// <param name="Temperature">Softmax temperature in force.</param>
internal readonly record struct Moment(double Epochs, double Temperature);
