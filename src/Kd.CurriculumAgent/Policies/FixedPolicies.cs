namespace Kd.CurriculumAgent.Policies;

/// <summary>Every sample in every epoch, at the temperature of the start.</summary>
internal sealed class NoPolicy : ICurriculumPolicy
{
    public Decision Decide(RunView view) => new(view.Environment.Temperature, 1, EpochRatio: 1);
}

/// <summary>The same threshold in every epoch.</summary>
/// <param name="threshold">0 to 1.</param>
internal sealed class FixedPolicy(double threshold) : ICurriculumPolicy
{
    public Decision Decide(RunView view) => new(view.Environment.Temperature, threshold);
}

/// <summary>From easy to hard: the threshold rises from 0 to 1 with the run's progress p, as p or as (1 - cos(pi p)) / 2.</summary>
/// <remarks>Source of the idea: Bengio et al. 2009, "Curriculum Learning"; pacing functions: Hacohen and Weinshall 2019, "On The Power of Curriculum Learning in Training Deep Networks".</remarks>
/// <param name="cosine">The second form.</param>
internal sealed class SchedulePolicy(bool cosine) : ICurriculumPolicy
{
    public Decision Decide(RunView view) => new(view.Environment.Temperature, cosine ? (1 - Math.Cos(Math.PI * view.Progress)) / 2 : view.Progress);
}

/// <summary>Prunes samples of low loss until a share of the run is done, then visits every sample.</summary>
/// <remarks>Source: Qin et al. 2024, "InfoBatch: Lossless Training Speed Up by Unbiased Dynamic Data Pruning", section 3 (r = 0.5, delta = 0.875).</remarks>
/// <param name="probability">r: share of the samples below the mean loss that is left out.</param>
/// <param name="until">delta: share of the run after which nothing is pruned.</param>
internal sealed class InfoBatchPolicy(double probability, double until) : ICurriculumPolicy
{
    public Decision Decide(RunView view) => new(view.Environment.Temperature, 1, EpochRatio: 1, PruneProbability: view.Progress < until ? probability : 0);
}
