namespace Kd.StudentTrainer.Training;

/// <summary>What a student learns from.</summary>
internal static class Methods
{
    /// <summary>The dataset's labels.</summary>
    public const string Labels = "labels";

    /// <summary>Labels and teacher.</summary>
    public const string Mixed = "mixed";

    /// <summary>The teacher.</summary>
    public const string Kd = "kd";

    /// <summary>The teacher; the curriculum agent picks samples and temperature.</summary>
    public const string KdCurriculum = "kd-curriculum";

    /// <summary>Labels and teacher, with target and other classes weighted apart.</summary>
    public const string Decoupled = "dkd";

    /// <summary>Labels and the teacher's relations.</summary>
    public const string Relations = "dist";

    /// <summary>Labels and teacher, at a temperature that learns against the student.</summary>
    public const string LearntTemperature = "ctkd";

    /// <summary>Those that a study compares, in the order of its table.</summary>
    public static IReadOnlyList<string> Study { get; } = [Labels, Mixed, Kd, KdCurriculum];

    public static bool UsesTeacher(string method) => method != Labels;
}
