using Kd.CurriculumAgent.Grpc;
using Kd.CurriculumAgent.Policies;
using Kd.CurriculumAgent.Simulation;
using Kd.ServiceDefaults;
using Kd.ServiceDefaults.Settings;

namespace Kd.CurriculumAgent.Runs;

internal static class CurriculumExtensions
{
    /// <summary>The whole service.</summary>
    public static WebApplication BuildCurriculumAgent(string[] args)
    {
        var builder = ServiceDefaultsExtensions.CreateService(args).AddGrpcDefaults();
        builder.AddCurriculum();
        var app = builder.Build();
        // A state folder that cannot be created ends the program at its start, not its first call.
        app.Services.GetRequiredService<AgentFolder>();
        app.MapServiceDefaults();
        app.MapGrpcService<CurriculumGrpcService>();
        return app;
    }

    private static void AddCurriculum(this WebApplicationBuilder builder)
    {
        builder.Services.AddSection<AgentOptions>(AgentOptions.Section);
        builder.Services.AddSingleton<AgentFolder>();
        builder.Services.AddSingleton<LearntPolicies>();
        builder.Services.AddSingleton<RunStore>();
        builder.Services.AddSingleton<PolicyLessons>();
    }
}
