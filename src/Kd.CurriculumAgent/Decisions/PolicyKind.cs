namespace Kd.CurriculumAgent.Decisions;

/// <summary>The kinds of policies; the journal stores their numbers. 2 is no longer used.</summary>
internal enum PolicyKind
{
    /// <summary>PPO with random initial weights.</summary>
    Ppo = 1,

    /// <summary>Thompson sampling over the actions.</summary>
    Bandit = 3,

    /// <summary>A threshold that rises over the run.</summary>
    Schedule = 4,

    /// <summary>A constant threshold.</summary>
    Fixed = 5,

    /// <summary>A random action in each epoch.</summary>
    RandomAction = 6,

    /// <summary>Pruning of low-loss samples.</summary>
    InfoBatch = 7,

    /// <summary>All samples in each epoch.</summary>
    None = 8,
}

internal static class PolicyKinds
{
    /// <summary>Returns the value of the setting Curriculum:Policy for a kind.</summary>
    public static string ToName(this PolicyKind kind) =>
        kind switch
        {
            PolicyKind.RandomAction => "random-action",
            _ => kind.ToString().ToLowerInvariant(),
        };
}
