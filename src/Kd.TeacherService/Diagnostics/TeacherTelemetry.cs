using System.Diagnostics;

namespace Kd.TeacherService.Diagnostics;

/// <summary>The service's activity source and the names of its spans.</summary>
internal static class TeacherTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "Kd.TeacherService";

    /// <summary>Names of the spans.</summary>
    public const string ReadCache = "read cache",
        Pass = "teacher pass",
        WriteCache = "write cache";

    public static ActivitySource Source { get; } = new(Name);
}
