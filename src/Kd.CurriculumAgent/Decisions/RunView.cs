namespace Kd.CurriculumAgent.Decisions;

/// <summary>The part of a run that a policy can observe.</summary>
/// <param name="Environment">State and choices.</param>
/// <param name="Progress">Completed share of the run's updates, 0 to 1.</param>
internal readonly record struct RunView(IRunEnvironment Environment, double Progress);
