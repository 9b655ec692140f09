using Kd.Settings;

namespace Kd.Training.Configuration;

/// <summary>Reads the settings of a queued run: those of this process with some changes, checked by the same rules as at startup.</summary>
/// <param name="configuration">The settings of the process.</param>
public sealed class RunConfigurationReader(IConfiguration configuration)
{
    private const string TaskSetting = "Run:Task";

    /// <summary>Sections that a run may change.</summary>
    private static readonly string[] s_sections =
    [
        RunOptions.Section,
        DatasetOptions.Section,
        ViewOptions.Section,
        StudentOptions.Section,
        TrainingOptions.Section,
        DistillationOptions.Section,
        CurriculumOptions.Section,
    ];

    /// <summary>Reads the settings of a run.</summary>
    /// <param name="settings">Settings that differ from the process's, by name, such as Training:Epochs.</param>
    /// <exception cref="SettingsException">Settings are wrong; the exception lists all mistakes.</exception>
    public RunConfiguration Read(IReadOnlyDictionary<string, string> settings)
    {
        var problems = settings.Keys.Select(FindProblem).OfType<SettingProblem>().ToList();
        // Regardless of the process's own task, a queued run trains unless its settings say label.
        var task = settings.FirstOrDefault(setting => setting.Key.Equals(TaskSetting, StringComparison.OrdinalIgnoreCase)).Value ?? RunOptions.Train;
        if (task is not (RunOptions.Train or RunOptions.Label))
            problems.Add(new(TaskSetting, $"{TaskSetting} is '{task}'. A queued run may train or label."));
        if (problems.Count > 0)
            throw new SettingsException(problems);
        var merged = new ConfigurationBuilder()
            .AddConfiguration(configuration)
            .AddInMemoryCollection(settings.Select(setting => new KeyValuePair<string, string?>(setting.Key, setting.Value)))
            .AddInMemoryCollection([new("Run:Resume", "auto"), new(TaskSetting, task)])
            .Build();
        using var _ = merged as IDisposable;
        return RunConfiguration.Read(merged);
    }

    /// <summary>Whether a training run from the page may change a setting.</summary>
    public static bool IsFree(string name) => !name.Equals(TaskSetting, StringComparison.OrdinalIgnoreCase) && FindProblem(name) is null;

    private static SettingProblem? FindProblem(string name)
    {
        if (!s_sections.Contains(name.Split(':')[0], StringComparer.OrdinalIgnoreCase) || !name.Contains(':'))
            return new(name, $"{name} is not a setting of a run. Settings are Section:Name with the sections {string.Join(", ", s_sections)}.");
        return SettingCatalog.Find(name) is { About.IsShared: true }
            ? new(name, $"{name} is set when the trainer starts and is the same for all its runs. Start another trainer to change it.")
            : null;
    }
}
