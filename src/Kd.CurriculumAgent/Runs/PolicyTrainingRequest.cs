namespace Kd.CurriculumAgent.Runs;

/// <summary>A request to train a policy. The policy's file stores it: names and order of the properties are part of its format.</summary>
/// <param name="Name">Name of the policy.</param>
/// <param name="Runs">Ids of the runs that the simulator is fitted to.</param>
/// <param name="HeldOut">Ids of the runs that the simulator is checked with.</param>
/// <param name="Episodes">Number of simulated runs to train on.</param>
/// <param name="Seed">Seed of the training.</param>
internal sealed record PolicyTrainingRequest(string Name, IReadOnlyList<string> Runs, IReadOnlyList<string> HeldOut, int Episodes, long Seed)
{
    /// <summary>Compares two requests by value, including the elements of their lists.</summary>
    public bool IsSame(PolicyTrainingRequest other) =>
        (Name, Episodes, Seed) == (other.Name, other.Episodes, other.Seed) && Runs.SequenceEqual(other.Runs) && HeldOut.SequenceEqual(other.HeldOut);
}
