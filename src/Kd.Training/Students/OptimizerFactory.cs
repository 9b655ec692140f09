using Kd.Settings;
using Kd.Vision.Models;
using Kd.Vision.Optimization;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;
using Parameter = TorchSharp.Modules.Parameter;

namespace Kd.Training.Students;

/// <summary>Creates the optimizer of the settings.</summary>
internal static class OptimizerFactory
{
    /// <summary>Creates the optimizer of a student and of what its loss learns.</summary>
    public static Optimizer Create(Module<Tensor, Tensor> network, LossFunction loss, TrainingOptions training)
    {
        var parameters = network.parameters().Concat(loss.LearnedParameter is { } learned ? [learned] : []);
        var backbone = network.parameters().Except(PretrainedWeights.LastLayer(network).Layer.parameters()).ToHashSet();
        double Factor(Parameter parameter) => backbone.Contains(parameter) ? training.BackboneRate : 1;
        return training.Optimizer == "sgd"
            ? new Sgd(parameters, training.LearningRate, training.WeightDecay, training.Momentum, training.Nesterov)
            {
                DecaysVectors = training.DecayNorms,
                RateFactor = Factor,
            }
            : new Adam(parameters, training.LearningRate, training.WeightDecay, decoupled: training.Optimizer == "adamw")
            {
                DecaysVectors = training.DecayNorms,
                RateFactor = Factor,
            };
    }
}
