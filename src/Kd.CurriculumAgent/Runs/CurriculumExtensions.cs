using Kd.CurriculumAgent.Grpc;
using Kd.ServiceDefaults;
using Kd.ServiceDefaults.Settings;

namespace Kd.CurriculumAgent.Runs;

internal static class CurriculumExtensions
{
    /// <summary>The whole service.</summary>
    public static WebApplication BuildCurriculumAgent(string[] args)
    {
        var builder = ServiceDefaultsExtensions.CreateService(args);
        builder.AddCurriculum();
        var app = builder.Build();
        app.MapServiceDefaults();
        app.MapGrpcService<CurriculumGrpcService>();
        return app;
    }

    private static void AddCurriculum(this WebApplicationBuilder builder)
    {
        builder.Services.AddSection<AgentOptions>(AgentOptions.Section);
        builder.Services.AddSingleton<RunStore>();
        builder.Services.AddActivatedSingleton<RunStore>();
    }
}
