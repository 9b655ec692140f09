using Kd.ServiceDefaults.Settings;
using Kd.Settings;

namespace Kd.Training.Configuration;

/// <summary>The resolved settings of a run, which are saved as config.json.</summary>
public sealed record RunConfiguration
{
    /// <summary>The section Run.</summary>
    public required RunOptions Run { get; init; }

    /// <summary>The section Dataset.</summary>
    public required DatasetOptions Dataset { get; init; }

    /// <summary>The section Views.</summary>
    public required ViewOptions Views { get; init; }

    /// <summary>The section Student.</summary>
    public required StudentOptions Student { get; init; }

    /// <summary>The section Training.</summary>
    public required TrainingOptions Training { get; init; }

    /// <summary>The section Distillation.</summary>
    public required DistillationOptions Distillation { get; init; }

    /// <summary>The section Curriculum.</summary>
    public required CurriculumOptions Curriculum { get; init; }

    /// <summary>The section Labels, which the saved settings of older runs lack.</summary>
    public LabelOptions Labels { get; init; } = new();

    /// <summary>The section TeacherClient.</summary>
    public required TeacherClientOptions TeacherClient { get; init; }

    /// <summary>The section AgentClient.</summary>
    public required AgentClientOptions AgentClient { get; init; }

    /// <summary>The setting Device: auto, cpu or cuda:N.</summary>
    public required string Device { get; init; }

    /// <summary>Creates a configuration with the defaults of all settings.</summary>
    public static RunConfiguration CreateDefault() =>
        new()
        {
            Run = new(),
            Dataset = new(),
            Views = new(),
            Student = new(),
            Training = new(),
            Distillation = new(),
            Curriculum = new(),
            TeacherClient = new(),
            AgentClient = new(),
            Device = "auto",
        };

    /// <summary>Reads the settings.</summary>
    /// <exception cref="SettingsException">Settings are wrong; the exception lists all mistakes.</exception>
    public static RunConfiguration Read(IConfiguration configuration)
    {
        var settings = new ConfigurationBuilder()
            .AddInMemoryCollection(TeacherTraining.DefaultsFor(configuration))
            .AddInMemoryCollection(Recipes.DefaultsFor(name => configuration[name]))
            .AddConfiguration(configuration)
            .AddInMemoryCollection(TeacherTraining.NetworkOf(configuration))
            .Build();
        // Undisposed, it stays registered at the process's configuration for good.
        using var _ = settings as IDisposable;
        return ReadMerged(settings, TeacherTraining.FindProblems(configuration));
    }

    private static RunConfiguration ReadMerged(IConfiguration configuration, IEnumerable<SettingProblem> contradictions)
    {
        var result = CreateDefault() with { Device = configuration[SharedNames.Device] ?? "auto" };
        List<SettingProblem> problems =
        [
            .. contradictions,
            .. configuration.ReadSection(result.Run, RunOptions.Section),
            .. configuration.ReadSection(result.Dataset, DatasetOptions.Section),
            .. configuration.ReadSection(result.Views, ViewOptions.Section),
            .. configuration.ReadSection(result.Student, StudentOptions.Section),
            .. configuration.ReadSection(result.Training, TrainingOptions.Section),
            .. configuration.ReadSection(result.Distillation, DistillationOptions.Section),
            .. configuration.ReadSection(result.Curriculum, CurriculumOptions.Section),
            .. configuration.ReadSection(result.Labels, LabelOptions.Section),
            .. configuration.ReadSection(result.TeacherClient, TeacherClientOptions.Section),
            .. configuration.ReadSection(result.AgentClient, AgentClientOptions.Section),
        ];
        if (problems.Count == 0)
            problems.AddRange(RunRules.FindProblems(result));
        // Saved with the run, since another number gives other bits.
        if (result.Run.Threads == 0)
            result.Run.Threads = ThreadShare.Of(result.Run, result.Distillation.Method, configuration.GetValue(SharedNames.TeacherCores, 0));
        return problems.Count == 0 ? result : throw new SettingsException(problems);
    }
}
