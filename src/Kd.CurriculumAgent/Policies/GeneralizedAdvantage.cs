namespace Kd.CurriculumAgent.Policies;

/// <summary>Estimates advantages by generalized advantage estimation (GAE).</summary>
internal static class GeneralizedAdvantage
{
    /// <summary>Computes A_t = sum over k of (gamma lambda)^k delta_(t+k), where delta_t = r_t + gamma V_(t+1) - V_t; sums end with the episode.</summary>
    /// <remarks>Source: Schulman et al. 2016, "High-Dimensional Continuous Control Using Generalized Advantage Estimation", equation 16.</remarks>
    /// <param name="transitions">In order of time.</param>
    /// <param name="nextValue">Value of the state after the last one.</param>
    /// <param name="gamma">Discount, 0 to 1.</param>
    /// <param name="lambda">Trace decay, 0 to 1.</param>
    public static double[] Compute(IReadOnlyList<Transition> transitions, double nextValue, double gamma, double lambda)
    {
        var advantages = new double[transitions.Count];
        var advantage = 0.0;
        for (var t = transitions.Count - 1; t >= 0; t--)
        {
            var (transition, notDone) = (transitions[t], transitions[t].Done ? 0.0 : 1.0);
            var followingValue = t + 1 < transitions.Count ? transitions[t + 1].Value : nextValue;
            var delta = transition.Reward + gamma * followingValue * notDone - transition.Value;
            advantage = delta + gamma * lambda * notDone * advantage;
            advantages[t] = advantage;
        }

        return advantages;
    }
}

/// <summary>A step of an episode with the log-probability and value of the policy that took it.</summary>
internal sealed record Transition(double[] State, int[] Action, double LogProbability, double Value, double Reward, bool Done);
