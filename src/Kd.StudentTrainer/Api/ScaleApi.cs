using Kd.Training.Teaching;

namespace Kd.StudentTrainer.Api;

/// <summary>Maps <c>GET /scale</c>, from which a scaler knows how many teacher replicas are needed, also while none exists that could report a queue.</summary>
internal static class ScaleApi
{
    /// <summary>Path of the endpoint, which needs no token.</summary>
    public const string Path = "/scale";

    /// <summary>Maps the endpoint.</summary>
    public static void MapScaleApi(this WebApplication app) =>
        app.MapGet(Path, (TeacherGroup teachers) => Demand.Of([.. teachers.Teachers.Select(teacher => teacher.WaitingViews)]))
            .WithTags("Scale")
            .WithName("GetDemand")
            .WithSummary("Gets the mean number of views, over the last half minute, that this process waited for: of all teachers, and of each.");

    /// <summary>Views that this process waited for.</summary>
    /// <param name="WaitingViews">Of all teachers.</param>
    /// <param name="Teachers">Of each teacher, in the order of the settings.</param>
    internal sealed record Demand(double WaitingViews, double[] Teachers)
    {
        /// <summary>Sums the views of each teacher.</summary>
        public static Demand Of(double[] teachers) => new(Math.Round(teachers.Sum(), 2), teachers);
    }
}
