using Kd.Core.Errors;

namespace Kd.StudentTrainer.Runs;

/// <summary>Settings of a run that is asked for are wrong.</summary>
/// <param name="problems">What is wrong: each names the setting, its value and what was expected.</param>
internal sealed class RunSettingsException(IReadOnlyList<string> problems) : UserException(string.Join(Environment.NewLine, problems))
{
    /// <summary>Each names the setting, its value and what was expected.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}
