namespace Kd.Training.Artifacts;

/// <summary>An entry of the list of runs.</summary>
public sealed record RunSummary
{
    /// <summary>Folder of the run, relative to Run:Folder.</summary>
    public required string Name { get; init; }

    /// <summary>Full path of the folder.</summary>
    public required string Folder { get; init; }

    /// <summary>Method of the run.</summary>
    public required string Method { get; init; }

    /// <summary>Finished epochs.</summary>
    public required int Epochs { get; init; }

    /// <summary>Best validation accuracy, percent.</summary>
    public required double BestAccuracy { get; init; }

    /// <summary>Test accuracy, percent; null until the run has ended.</summary>
    public double? TestAccuracy { get; init; }

    /// <summary>Time at which the last epoch ended.</summary>
    public required DateTime Changed { get; init; }
}
