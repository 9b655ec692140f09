using Kd.ServiceDefaults;
using Kd.ServiceDefaults.Settings;
using Kd.StudentTrainer.Curriculum;
using Kd.StudentTrainer.Page;
using Kd.StudentTrainer.Progress;
using Kd.StudentTrainer.Queue;
using Kd.StudentTrainer.Steering;
using Kd.StudentTrainer.Teaching;

namespace Kd.StudentTrainer.Runs;

internal static class TrainerExtensions
{
    /// <summary>The whole service.</summary>
    public static WebApplication BuildStudentTrainer(string[] args)
    {
        var builder = ServiceDefaultsExtensions.CreateService(args).AddGrpcDefaults();
        builder.AddTrainer();
        builder.AddRunPage();
        var app = builder.Build();
        app.MapServiceDefaults();
        app.MapRunPage();
        app.MapSteeringApi();
        app.MapQueueApi();
        return app;
    }

    private static void AddTrainer(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddRunConfiguration();
        services.AddSingleton(provider => RunConfigurationReader.Resolve(provider));
        services.AddSingleton<TeacherClient>();
        services.AddSingleton<CurriculumClient>();
        services.AddSingleton(provider => new ConsoleProgress(
            Console.Out,
            provider.GetRequiredService<TimeProvider>(),
            isTerminal: !Console.IsOutputRedirected
        ));
        services.AddOpenApi();
        services.AddSingleton<RunControl>();
        services.AddSingleton<RunConfigurationReader>();
        services.AddSingleton<RunQueue>();
        services.AddSingleton<RunWork>();
        services.AddSingleton<RunOutcome>();
        services.AddHostedService<TrainerJob>();
    }
}
