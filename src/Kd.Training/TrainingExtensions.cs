using Kd.Training.Artifacts;
using Kd.Training.Configuration;
using Kd.Training.Control;
using Kd.Training.Curriculum;
using Kd.Training.Diagnostics;
using Kd.Training.Queue;
using Kd.Training.Runs;
using Kd.Training.Shards;
using Kd.Training.Tasks;
using Kd.Training.Teaching;
using Microsoft.Extensions.Options;

namespace Kd.Training;

/// <summary>Registers the training services.</summary>
public static class TrainingExtensions
{
    /// <summary>Registers the services of runs, studies and the other tasks. The settings are read when they are first needed.</summary>
    public static IServiceCollection AddTraining(this IServiceCollection services) =>
        services
            .AddSingleton(provider => RunConfiguration.Read(provider.GetRequiredService<IConfiguration>()))
            .AddSingleton(provider => Options.Create(provider.GetRequiredService<RunConfiguration>().TeacherClient))
            .AddSingleton(provider => Options.Create(provider.GetRequiredService<RunConfiguration>().AgentClient))
            .AddSingleton<RunConfigurationReader>()
            .AddSingleton<TrainingMetrics>()
            .AddSingleton<TeacherGroup>()
            .AddSingleton<ShardedLabels>()
            .AddSingleton<CurriculumClient>()
            .AddSingleton<RunLibrary>()
            .AddSingleton<RunMonitor>()
            .AddSingleton<RunControl>()
            .AddSingleton<RunQueue>()
            .AddSingleton<Trainer>()
            .AddSingleton<BatchSourceFactory>()
            .AddSingleton<StudyRunner>()
            .AddSingleton<StudyWorker>()
            .AddSingleton<TaskRunner>();
}
