using Kd.CurriculumAgent.Decisions;

namespace Kd.CurriculumAgent.Policies;

/// <summary>Visits every sample in every epoch, at the initial temperature.</summary>
internal sealed class NoPolicy : ICurriculumPolicy
{
    public Decision Decide(RunView view) => new(view.Environment.Temperature, 1, EpochRatio: 1);
}

/// <summary>Uses the same threshold in every epoch.</summary>
/// <param name="threshold">0 to 1.</param>
internal sealed class FixedPolicy(double threshold) : ICurriculumPolicy
{
    public Decision Decide(RunView view) => new(view.Environment.Temperature, threshold);
}

/// <summary>Raises the threshold from 0 to 1 with the run's progress p, as p or as (1 - cos(pi p)) / 2.</summary>
/// <remarks>
/// Source: Bengio et al. 2009, "Curriculum Learning"; pacing functions: Hacohen and Weinshall 2019, "On The Power of Curriculum Learning in Training Deep
/// Networks".
/// </remarks>
/// <param name="cosine">Whether to use the cosine form.</param>
internal sealed class SchedulePolicy(bool cosine) : ICurriculumPolicy
{
    public Decision Decide(RunView view) => new(view.Environment.Temperature, cosine ? (1 - Math.Cos(Math.PI * view.Progress)) / 2 : view.Progress);
}

/// <summary>Prunes low-loss samples during the first part of the run, then visits every sample.</summary>
/// <remarks>Source: Qin et al. 2024, "InfoBatch: Lossless Training Speed Up by Unbiased Dynamic Data Pruning", section 3 (r = 0.5, delta = 0.875).</remarks>
/// <param name="probability">Share r of the samples below the mean loss that is left out.</param>
/// <param name="until">Share delta of the run after which no samples are pruned.</param>
internal sealed class InfoBatchPolicy(double probability, double until) : ICurriculumPolicy
{
    public Decision Decide(RunView view) => new(view.Environment.Temperature, 1, EpochRatio: 1, PruneProbability: view.Progress < until ? probability : 0);
}
