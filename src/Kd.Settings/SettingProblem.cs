using Kd.Core.Errors;

namespace Kd.Settings;

/// <summary>A mistake in a setting.</summary>
/// <param name="Name">Name of the setting.</param>
/// <param name="Message">Complete message, which names the setting, its value, the expected values and how to correct it.</param>
public sealed record SettingProblem(string Name, string Message);

/// <summary>Reports mistakes in settings.</summary>
/// <param name="problems">All mistakes.</param>
public sealed class SettingsException(IReadOnlyList<SettingProblem> problems)
    : UserException(string.Join(Environment.NewLine, problems.Select(problem => problem.Message).Distinct()))
{
    /// <summary>Reports one mistake.</summary>
    /// <param name="name">Name of the setting.</param>
    /// <param name="message">Complete message.</param>
    public SettingsException(string name, string message)
        : this([new SettingProblem(name, message)]) { }

    /// <summary>All mistakes.</summary>
    public IReadOnlyList<SettingProblem> Problems { get; } = problems;
}
