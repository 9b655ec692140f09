using Kd.RunPage;
using Kd.ServiceDefaults;
using Kd.ServiceDefaults.Settings;
using Kd.StudentTrainer.Api;
using Kd.StudentTrainer.Terminal;
using Kd.Training;
using Kd.Training.Control;

namespace Kd.StudentTrainer.Hosting;

/// <summary>Builds the student trainer.</summary>
internal static class TrainerExtensions
{
    /// <summary>Builds the whole service: training, run page and HTTP API.</summary>
    public static WebApplication BuildStudentTrainer(string[] args)
    {
        var builder = ServiceDefaultsExtensions.CreateService(args).AddGrpcDefaults();
        builder.Services.AddTraining();
        builder.AddRunPage();
        builder.Services.AddOpenApi();
        builder.Services.AddSingleton<RunOutcome>();
        builder.Services.AddHostedService(CreateConsole);
        builder.Services.AddHostedService<PageAddress>();
        builder.Services.AddHostedService<TrainerJob>();
        var app = builder.Build();
        app.UseMiddleware<PageAccess>();
        app.MapServiceDefaults();
        app.MapRunPage();
        app.MapOpenApi();
        app.MapRunApi();
        app.MapQueueApi();
        app.MapScaleApi();
        return app;
    }

    private static ConsoleOutput CreateConsole(IServiceProvider services) =>
        new(services.GetRequiredService<RunMonitor>(), Console.Out, services.GetRequiredService<TimeProvider>(), isTerminal: !Console.IsOutputRedirected);
}
