using System.Diagnostics;
using Kd.Settings;
using Kd.Vision.Distillation;
using Kd.Vision.Runtime;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Training.Students;

/// <summary>Computes the loss of a method. Sources of the formulas: <see cref="DistillationLoss"/>.</summary>
internal sealed class LossFunction : IDisposable
{
    private readonly DistillationOptions _options;
    private readonly string _method;
    private readonly double _smoothing;
    private readonly CurriculumTemperature? _temperature;

    /// <summary>Creates the loss function of a method.</summary>
    /// <param name="options">Weights of the loss terms.</param>
    /// <param name="method">The method, which a study may set.</param>
    /// <param name="smoothing">Label smoothing, 0 to 1.</param>
    /// <param name="device">Device of the logits.</param>
    public LossFunction(DistillationOptions options, string method, double smoothing, Device device)
    {
        (_options, _method, _smoothing) = (options, method, smoothing);
        _temperature = method == Methods.LearnedTemperature ? new CurriculumTemperature(options.TemperatureRamp, device) : null;
    }

    /// <summary>The parameter that the loss itself learns, or null.</summary>
    public Parameter? LearnedParameter => _temperature?.Theta;

    /// <summary>Computes the mean loss of a batch, a scalar.</summary>
    /// <param name="logits">The student's logits, shape [N, C].</param>
    /// <param name="teacher">The logits of the teacher or of the mean of several, N of C classes; null for the method labels.</param>
    /// <param name="labels">Class indexes, shape [N].</param>
    /// <param name="progress">Progress of the run.</param>
    public Tensor Compute(Tensor logits, TeacherTarget? teacher, Tensor labels, TrainingProgress progress)
    {
        if (_method == Methods.Labels)
            return CrossEntropy();
        if (teacher is null)
            throw new InvalidOperationException($"The method {_method} needs teacher logits.");
        var (options, target) = (_options, teacher.At(progress.Temperature));
        return _method switch
        {
            Methods.Mixed => DistillationLoss.Mixed(logits, target, labels, progress.Temperature, options.Alpha, _smoothing),
            Methods.Decoupled => WithLabels(
                DistillationLoss
                    .Decoupled(logits, target, labels, progress.Temperature, options.TargetWeight, options.OthersWeight)
                    .Times(Ramp(progress.Epochs))
            ),
            Methods.Relations => WithLabels(DistillationLoss.Relations(logits, target, progress.Temperature, options.InterWeight, options.IntraWeight)),
            Methods.LearnedTemperature => WithLabels(AtLearnedTemperature(_temperature!.Temperature())),
            Methods.Kd or Methods.KdCurriculum => DistillationLoss.Soft(logits, target, progress.Temperature),
            _ => throw new UnreachableException($"The method {_method} has no loss."),
        };

        Tensor CrossEntropy() => functional.cross_entropy(logits, labels, label_smoothing: _smoothing);

        Tensor AtLearnedTemperature(Tensor temperature) => DistillationLoss.Soft(logits, teacher.At(temperature), temperature);

        Tensor WithLabels(Tensor soft) => options.LabelWeight == 0 ? soft : CrossEntropy().Times(options.LabelWeight).Plus(soft);
    }

    /// <summary>Adjusts the gradient of the learned parameter; must be called between the backward pass and the optimizer's step.</summary>
    public void AfterBackward(TrainingProgress progress) => _temperature?.TurnGradient(progress.Epochs);

    public void Dispose() => _temperature?.Dispose();

    private double Ramp(double epochs) => _options.RampEpochs == 0 ? 1 : Math.Min(epochs / _options.RampEpochs, 1);
}

/// <summary>Progress of a run at a step.</summary>
/// <param name="Epochs">Epochs done, with fraction.</param>
/// <param name="Temperature">Softmax temperature in force.</param>
/// <param name="Scale">Size of the student's input as a share of the view's, above 0, at most 1.</param>
internal readonly record struct TrainingProgress(double Epochs, double Temperature, double Scale = 1);
