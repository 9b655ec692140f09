namespace Kd.CurriculumAgent.Decisions;

/// <summary>An action of the policy for the next epoch.</summary>
/// <param name="Temperature">0, 1 or 2: the temperature changes by -0.5, 0 or +0.5.</param>
/// <param name="Difficulty">0 to 4: the threshold becomes 0, 0.25, 0.5, 0.75 or 1.</param>
internal readonly record struct CurriculumAction(int Temperature, int Difficulty)
{
    public const int Temperatures = 3;

    public const int Difficulties = 5;

    /// <summary>All actions.</summary>
    public static IList<CurriculumAction> All { get; } =
    [.. Enumerable.Range(0, Temperatures).SelectMany(t => Enumerable.Range(0, Difficulties).Select(d => new CurriculumAction(t, d)))];
}
