namespace Kd.CurriculumAgent.Decisions;

/// <summary>Selects and configures a run's policy. The journal stores it: names and order of the properties are part of its format.</summary>
internal sealed record PolicySpecification
{
    /// <summary>The kind of policy.</summary>
    public required PolicyKind Kind { get; init; }

    /// <summary>Whether a schedule rises along a cosine instead of a line.</summary>
    public bool Cosine { get; init; }

    /// <summary>Threshold of the fixed policy, 0 to 1.</summary>
    public double Threshold { get; init; }

    /// <summary>InfoBatch: share of the low-loss samples that is left out, 0 to below 1.</summary>
    public double PruneProbability { get; init; } = 0.5;

    /// <summary>InfoBatch: share of the run after which no samples are left out, 0 to 1.</summary>
    public double PruneUntil { get; init; } = 0.875;
}
