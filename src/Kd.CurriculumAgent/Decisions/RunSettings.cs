namespace Kd.CurriculumAgent.Decisions;

/// <summary>Settings that a run was started with. The journal stores them: names and order of the properties are part of its format.</summary>
internal sealed record RunSettings
{
    public required string RunId { get; init; }

    /// <summary>Number of epochs.</summary>
    public required int Epochs { get; init; }

    /// <summary>Softmax temperature before the first action, 2 to 8.</summary>
    public required double InitialTemperature { get; init; }

    /// <summary>Value of the enum Strategy in curriculum.proto.</summary>
    public required int Strategy { get; init; }

    /// <summary>Share of the dataset that an epoch visits, above 0, at most 1.</summary>
    public required double EpochRatio { get; init; }

    /// <summary>Seed of the policy's weights and choices.</summary>
    public required long Seed { get; init; }

    /// <summary>Epochs between updates of PPO; 0 before the agent has set its own.</summary>
    public required int UpdateEvery { get; init; }

    /// <summary>The run's policy; null: PPO with random initial weights.</summary>
    public PolicySpecification? Policy { get; init; }

    /// <summary>Density over the difficulty ranks; null: uniform.</summary>
    public RankDensitySettings? Density { get; init; }

    /// <summary>Sizes of the student's input to decide about, as shares of the view's, separated by commas; null: none.</summary>
    public string? Sizes { get; init; }
}

/// <summary>The density uniform + (1 - uniform) Beta(a, b) over the difficulty ranks.</summary>
internal sealed record RankDensitySettings(double Uniform, double A, double B);
