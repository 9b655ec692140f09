namespace Kd.RunPage.Components;

/// <summary>Names of the sections of a run's page, as they stand in its address.</summary>
internal static class RunSection
{
    public const string Overview = "overview",
        Curriculum = "curriculum",
        Time = "time",
        Samples = "samples",
        Test = "test",
        Timeline = "timeline",
        Messages = "messages";

    /// <summary>The sections of every run.</summary>
    public static IReadOnlyList<(string Name, string Title)> OfRun { get; } =
    [(Overview, "Overview"), (Curriculum, "Difficulty and curriculum"), (Samples, "Samples"), (Time, "Time and cache"), (Test, "Test")];

    /// <summary>The sections of the current run.</summary>
    public static IReadOnlyList<(string Name, string Title)> OfCurrentRun { get; } = [.. OfRun, (Timeline, "Timeline"), (Messages, "Messages")];

    /// <summary>The section of an address; the overview where it names none.</summary>
    public static string Choose(string? name, IReadOnlyList<(string Name, string Title)> sections) =>
        sections.Any(section => section.Name == name) ? name! : Overview;
}
