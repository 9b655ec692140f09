using System.Diagnostics;

namespace Kd.CurriculumAgent.Diagnostics;

/// <summary>The service's activity source and the name of its span.</summary>
internal static class AgentTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "Kd.CurriculumAgent";

    /// <summary>Name of the span that covers taking a report and deciding about the next epoch.</summary>
    public const string Decide = "decide next epoch";

    public static ActivitySource Source { get; } = new(Name);
}
