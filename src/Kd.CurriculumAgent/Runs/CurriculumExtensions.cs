using Kd.ServiceDefaults.Settings;

namespace Kd.CurriculumAgent.Runs;

internal static class CurriculumExtensions
{
    /// <summary>Adds the runs and their store.</summary>
    public static void AddCurriculum(this WebApplicationBuilder builder)
    {
        builder.Services.AddSection<AgentOptions>(AgentOptions.Section);
        builder.Services.AddSingleton<RunStore>();
        builder.Services.AddActivatedSingleton<RunStore>();
    }
}
