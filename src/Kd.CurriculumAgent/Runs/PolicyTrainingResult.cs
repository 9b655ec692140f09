using Kd.CurriculumAgent.Simulation;

namespace Kd.CurriculumAgent.Runs;

/// <summary>The result of training a policy. The policy's file stores it: names and order of the properties are part of its format.</summary>
/// <param name="Request">The request.</param>
/// <param name="Check">Prediction errors of the simulator.</param>
/// <param name="LearntAccuracy">Mean accuracy at the end of simulated runs with the learned policy, percent.</param>
/// <param name="RandomAccuracy">The same with random actions.</param>
/// <param name="FittedEpochs">Number of recorded epochs that the simulator was fitted to.</param>
/// <param name="Seconds">Duration of the training, s.</param>
internal sealed record PolicyTrainingResult(
    PolicyTrainingRequest Request,
    SimulatorCheck Check,
    double LearntAccuracy,
    double RandomAccuracy,
    int FittedEpochs,
    double Seconds
);
