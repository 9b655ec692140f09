using Kd.ServiceDefaults;
using Kd.ServiceDefaults.Settings;
using Kd.StudentTrainer.Batches;
using Kd.StudentTrainer.Curriculum;
using Kd.StudentTrainer.Page;
using Kd.StudentTrainer.Progress;
using Kd.StudentTrainer.Steering;
using Kd.StudentTrainer.Teaching;
using Kd.StudentTrainer.Training;
using Kd.Vision.Datasets;
using Microsoft.Extensions.Options;

namespace Kd.StudentTrainer.Runs;

internal static class TrainerExtensions
{
    /// <summary>The whole service.</summary>
    public static WebApplication BuildStudentTrainer(string[] args)
    {
        var builder = ServiceDefaultsExtensions.CreateService(args);
        builder.AddTrainer();
        builder.AddRunPage();
        var app = builder.Build();
        app.MapServiceDefaults();
        app.MapRunPage();
        app.MapSteeringApi();
        return app;
    }

    private static void AddTrainer(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSection<RunOptions>(RunOptions.Section);
        services.AddSection<DatasetOptions>(DatasetOptions.Section);
        services.AddSection<ViewOptions>(ViewOptions.Section);
        services.AddSection<StudentOptions>(StudentOptions.Section);
        services.AddSection<TrainingOptions>(TrainingOptions.Section);
        services.AddSection<DistillationOptions>(DistillationOptions.Section);
        services.AddSection<CurriculumOptions>(CurriculumOptions.Section);
        services.AddSection<TeacherClientOptions>(TeacherClientOptions.Section);
        services.AddSection<AgentClientOptions>(AgentClientOptions.Section);
        services.AddSingleton<IValidateOptions<DistillationOptions>, CurriculumTemperatureRule>();
        services.AddSingleton<IValidateOptions<TrainingOptions>, WarmupRule>();
        services.AddSingleton<IValidateOptions<CurriculumOptions>, CurriculumRule>();
        services.AddSingleton(Resolve);
        services.AddSingleton<TeacherClient>();
        services.AddSingleton<CurriculumClient>();
        var terminal = builder.Configuration[ProgressBar.TerminalVariable] is { Length: > 0 } ? TerminalKind.Hosts : Console.IsOutputRedirected ? TerminalKind.None : TerminalKind.Own;
        services.AddSingleton(provider => new ConsoleProgress(Console.Out, provider.GetRequiredService<TimeProvider>(), terminal));
        services.AddOpenApi();
        services.AddSingleton<RunControl>();
        services.AddSingleton<RunOutcome>();
        services.AddHostedService<TrainerJob>();
    }

    private static RunConfiguration Resolve(IServiceProvider provider) => new(
        Get<RunOptions>(provider),
        Get<DatasetOptions>(provider),
        Get<ViewOptions>(provider),
        Get<StudentOptions>(provider),
        Get<TrainingOptions>(provider),
        Get<DistillationOptions>(provider),
        Get<CurriculumOptions>(provider),
        Get<TeacherClientOptions>(provider),
        Get<AgentClientOptions>(provider),
        provider.GetRequiredService<IConfiguration>()["Device"] ?? "auto");

    private static T Get<T>(IServiceProvider provider)
        where T : class => provider.GetRequiredService<IOptions<T>>().Value;
}

/// <summary>A curriculum moves the temperature between 2 and 8, so it must begin there.</summary>
internal sealed class CurriculumTemperatureRule(IOptions<RunOptions> run) : IValidateOptions<DistillationOptions>
{
    public ValidateOptionsResult Validate(string? name, DistillationOptions options) =>
        (run.Value.Study is StudyKinds.Methods or StudyKinds.Curriculum || options.Method == Methods.KdCurriculum) && options.Temperature is < 2 or > 8
            ? ValidateOptionsResult.Fail($"Distillation:Temperature is '{options.Temperature}'. With a curriculum (kd-curriculum, or Run:Study=methods or curriculum) it must be between 2 and 8.")
            : ValidateOptionsResult.Success;
}

/// <summary>What the curriculum's settings and the study need together.</summary>
internal sealed class CurriculumRule(IOptions<RunOptions> run) : IValidateOptions<CurriculumOptions>
{
    public ValidateOptionsResult Validate(string? name, CurriculumOptions options)
    {
        if (options.Policy == "ppo-warm" && options.Learnt.Length == 0)
            return ValidateOptionsResult.Fail("Curriculum:Learnt is empty. With Curriculum:Policy=ppo-warm it must name a learnt policy.");
        return run.Value is { Study: StudyKinds.Curriculum, Seeds: < 2 }
            ? ValidateOptionsResult.Fail($"Run:Seeds is '{run.Value.Seeds}'. Run:Study=curriculum compares seed by seed and needs at least 2; 5 or more are advised.")
            : ValidateOptionsResult.Success;
    }
}

/// <summary>A warm-up must leave epochs for the cosine.</summary>
internal sealed class WarmupRule : IValidateOptions<TrainingOptions>
{
    public ValidateOptionsResult Validate(string? name, TrainingOptions options) => options.WarmupEpochs >= options.Epochs
        ? ValidateOptionsResult.Fail($"Training:WarmupEpochs is '{options.WarmupEpochs}'. It must be below Training:Epochs ({options.Epochs}).")
        : ValidateOptionsResult.Success;
}
