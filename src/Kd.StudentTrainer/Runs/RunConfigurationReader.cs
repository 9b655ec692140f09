using Kd.ServiceDefaults.Settings;
using Kd.StudentTrainer.Batches;
using Kd.StudentTrainer.Curriculum;
using Kd.StudentTrainer.Teaching;
using Kd.StudentTrainer.Training;
using Kd.Vision.Datasets;
using Microsoft.Extensions.Options;

namespace Kd.StudentTrainer.Runs;

/// <summary>Reads a run's settings: those of this process, with some that differ, checked by the same rules as at the start.</summary>
/// <param name="configuration">The process's.</param>
internal sealed class RunConfigurationReader(IConfiguration configuration)
{
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

    private const string TaskSetting = "Run:Task",
        Train = "train";

    // What the process and its teacher were started with, and what a run from the page does not have.
    private static readonly string[] s_fixed =
    [
        "Run:Folder",
        "Run:Stay",
        "Run:Resume",
        "Run:Sample",
        "Run:Checkpoint",
        "Run:Split",
        "Dataset:Path",
        "Dataset:DecodedFolder",
        "Dataset:DecodedMemory",
        "Dataset:DecodedDisk",
    ];

    /// <summary>Reads them.</summary>
    /// <param name="settings">By name, <c>Section:Name</c>.</param>
    /// <exception cref="RunSettingsException">Some are wrong; it lists all that are.</exception>
    public RunConfiguration Read(IReadOnlyDictionary<string, string> settings)
    {
        var problems = settings.Keys.Select(FindProblem).OfType<string>().ToList();
        // Whatever the process itself does, a queued run trains, or labels if it says so.
        var task = settings.FirstOrDefault(setting => setting.Key.Equals(TaskSetting, StringComparison.OrdinalIgnoreCase)).Value ?? Train;
        if (task is not (Train or RunOptions.Label))
            problems.Add($"{TaskSetting} is '{task}'. A run that is started here may train or label.");
        if (problems.Count > 0)
            throw new RunSettingsException(problems);
        var merged = new ConfigurationBuilder()
            .AddConfiguration(configuration)
            .AddInMemoryCollection(settings.Select(setting => new KeyValuePair<string, string?>(setting.Key, setting.Value)))
            .AddInMemoryCollection([new("Run:Resume", "auto"), new(TaskSetting, task)])
            .Build();
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(merged);
        services.AddRunConfiguration();
        using var provider = services.BuildServiceProvider();
        var resolved = Resolve(provider, problems);
        return problems.Count == 0 ? resolved : throw new RunSettingsException([.. problems.Distinct()]);
    }

    /// <summary>Whether a training run from the page may have a setting of its own.</summary>
    public static bool IsFree(string name) => !name.Equals(TaskSetting, StringComparison.OrdinalIgnoreCase) && FindProblem(name) is null;

    /// <summary>The settings of a process.</summary>
    /// <param name="provider">Has their sections.</param>
    /// <param name="problems">Gets what is wrong; null: the first mistake is thrown.</param>
    public static RunConfiguration Resolve(IServiceProvider provider, List<string>? problems = null)
    {
        return new RunConfiguration(
            Get<RunOptions>(),
            Get<DatasetOptions>(),
            Get<ViewOptions>(),
            Get<StudentOptions>(),
            Get<TrainingOptions>(),
            Get<DistillationOptions>(),
            Get<CurriculumOptions>(),
            Get<TeacherClientOptions>(),
            Get<AgentClientOptions>(),
            provider.GetRequiredService<IConfiguration>()["Device"] ?? "auto"
        );

        T Get<T>()
            where T : class
        {
            try
            {
                return provider.GetRequiredService<IOptions<T>>().Value;
            }
            catch (OptionsValidationException error) when (problems is not null)
            {
                problems.AddRange(error.Failures);
            }
            catch (SettingsException error) when (problems is not null)
            {
                problems.Add(error.Message);
            }

            return null!;
        }
    }

    private static string? FindProblem(string name)
    {
        var section = name.Split(':')[0];
        if (!s_sections.Contains(section, StringComparer.OrdinalIgnoreCase) || !name.Contains(':'))
            return $"{name} is not a setting of a run. Settings are Section:Name with the sections {string.Join(", ", s_sections)}.";
        return s_fixed.Contains(name, StringComparer.OrdinalIgnoreCase)
            ? $"{name} is set at the start of the trainer, and the same for all its runs. Start another trainer for other values."
            : null;
    }
}

/// <summary>The sections of a run's settings.</summary>
internal static class RunConfigurationExtensions
{
    /// <summary>Adds them with their rules.</summary>
    public static void AddRunConfiguration(this IServiceCollection services)
    {
        services.AddSection<RunOptions>(RunOptions.Section);
        services.AddSection<DatasetOptions>(DatasetOptions.Section);
        services.AddSection<ViewOptions>(ViewOptions.Section);
        services.AddSection<StudentOptions>(StudentOptions.Section);
        services.AddSection<TrainingOptions>(TrainingOptions.Section);
        services.AddSection<DistillationOptions>(DistillationOptions.Section);
        services.AddSection<CurriculumOptions>(CurriculumOptions.Section);
        services.AddSection<TeacherClientOptions>(TeacherClientOptions.Section);
        services.AddSection<AgentClientOptions>(AgentClientOptions.Section);
        services.AddSingleton<IValidateOptions<RunOptions>, RunNameRule>();
        services.AddSingleton<IValidateOptions<DistillationOptions>, CurriculumTemperatureRule>();
        services.AddSingleton<IValidateOptions<TrainingOptions>, WarmupRule>();
        services.AddSingleton<IValidateOptions<CurriculumOptions>, CurriculumRule>();
    }
}
