namespace Kd.StudentTrainer.Runs;

/// <summary>Where the time of steps goes, seconds. Rendering and the teacher's answers are prepared beside the steps, several batches at once; a step waits only for what was not ready.</summary>
/// <param name="Render">Rendering of views.</param>
/// <param name="Lookup">Calls to the teacher's cache.</param>
/// <param name="Label">Calls for views that the teacher computed.</param>
/// <param name="Wait">Steps that waited for their batch.</param>
/// <param name="Forward">Pixels to the network's device, its logits, and the loss.</param>
/// <param name="Backward">Gradients.</param>
/// <param name="Optimizer">Update of the weights and of their average, and the samples' difficulty.</param>
public readonly record struct StepTimes(double Render, double Lookup, double Label, double Wait, double Forward, double Backward, double Optimizer)
{
    /// <summary>Adds times.</summary>
    public static StepTimes operator +(StepTimes a, StepTimes b) =>
        new(
            a.Render + b.Render,
            a.Lookup + b.Lookup,
            a.Label + b.Label,
            a.Wait + b.Wait,
            a.Forward + b.Forward,
            a.Backward + b.Backward,
            a.Optimizer + b.Optimizer
        );
}
