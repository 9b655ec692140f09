using Kd.CurriculumAgent.Diagnostics;
using Kd.CurriculumAgent.Grpc;
using Kd.CurriculumAgent.Runs;
using Kd.CurriculumAgent.Storage;
using Kd.ServiceDefaults;
using Kd.ServiceDefaults.Settings;
using Kd.Settings;

namespace Kd.CurriculumAgent.Hosting;

internal static class CurriculumExtensions
{
    /// <summary>Builds the service.</summary>
    public static WebApplication BuildCurriculumAgent(string[] args)
    {
        var builder = ServiceDefaultsExtensions.CreateService(args).AddGrpcDefaults();
        builder.AddCurriculum();
        var app = builder.Build();
        // A state folder that cannot be created must stop the start, not fail the first call.
        app.Services.GetRequiredService<AgentFolder>();
        app.MapServiceDefaults();
        app.MapGrpcDefaults<CurriculumGrpcService>();
        return app;
    }

    private static void AddCurriculum(this WebApplicationBuilder builder)
    {
        builder.Services.AddSection<AgentOptions>(AgentOptions.Section);
        builder.Services.AddSingleton<AgentMetrics>();
        builder.Services.AddSingleton<AgentFolder>();
        builder.Services.AddSingleton<RunStore>();
    }
}
