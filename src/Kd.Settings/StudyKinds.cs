namespace Kd.Settings;

/// <summary>Values of <c>Run:Study</c>.</summary>
public static class StudyKinds
{
    /// <summary>No study: one run.</summary>
    public const string None = "none";

    /// <summary>The teacher and the four methods.</summary>
    public const string Methods = "methods";

    /// <summary>kd with 1 to 16 and with fresh views of each sample.</summary>
    public const string Views = "views";

    /// <summary>kd and its challengers at equal updates.</summary>
    public const string Curriculum = "curriculum";

    /// <summary>Students of different sizes, which learn from the same views.</summary>
    public const string Students = "students";

    /// <summary>Number of arms of a study, each of which runs with every seed; not of students, which Student:Compare lists.</summary>
    public static int ArmsOf(string study) =>
        study switch
        {
            Methods => Settings.Methods.Study.Count,
            Views => 6,
            Curriculum => 8,
            _ => 1,
        };
}
