namespace Kd.Training.Students;

/// <summary>
/// Time by kind of work, seconds. Views are rendered and logits fetched in parallel with the steps, for several batches at once; a step waits only if its
/// batch is not ready.
/// </summary>
public readonly record struct StepTimes
{
    /// <summary>Rendering of views.</summary>
    public double Render { get; init; }

    /// <summary>Lookups in the teacher's cache.</summary>
    public double Lookup { get; init; }

    /// <summary>Calls for views that the teacher computed.</summary>
    public double Label { get; init; }

    /// <summary>Waits of steps for their batches.</summary>
    public double Wait { get; init; }

    /// <summary>Transfer of pixels to the device, logits and loss.</summary>
    public double Forward { get; init; }

    /// <summary>Computation of the gradients.</summary>
    public double Backward { get; init; }

    /// <summary>Update of the weights and of their average, and difficulty of the samples.</summary>
    public double Optimizer { get; init; }

    /// <summary>Adds times.</summary>
    public static StepTimes operator +(StepTimes a, StepTimes b) =>
        new()
        {
            Render = a.Render + b.Render,
            Lookup = a.Lookup + b.Lookup,
            Label = a.Label + b.Label,
            Wait = a.Wait + b.Wait,
            Forward = a.Forward + b.Forward,
            Backward = a.Backward + b.Backward,
            Optimizer = a.Optimizer + b.Optimizer,
        };
}
