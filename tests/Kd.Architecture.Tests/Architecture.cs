namespace Kd.Architecture.Tests;

/// <summary>States the intended architecture of src/; the tests of this project compare the code with it.</summary>
internal static class Architecture
{
    /// <summary>Stands in an order for the types directly in the project's namespace. Where an order does not list it, they are below all folders.</summary>
    public const string Root = "";

    /// <summary>Largest number of lines of a .cs or .razor file in src/.</summary>
    public const int FileLines = 300;

    /// <summary>Largest number of lines of a method, constructor, accessor or local function in src/, from its signature to its end.</summary>
    public const int MethodLines = 40;

    /// <summary>Largest number of characters of a line in src/, tests/ and bench/.</summary>
    public const int LineCharacters = 160;

    /// <summary>
    /// The projects that each project may reference as a library. MSBuild passes references on, so a list also has what its members may reference.
    /// </summary>
    public static readonly Dictionary<string, string[]> References = new()
    {
        ["Kd.Core"] = [],
        ["Kd.Settings"] = ["Kd.Core"],
        ["Kd.Vision"] = ["Kd.Settings", "Kd.Core"],
        ["Kd.ServiceDefaults"] = ["Kd.Settings", "Kd.Core"],
        ["Kd.Training"] = ["Kd.Vision", "Kd.ServiceDefaults", "Kd.Settings", "Kd.Core"],
        ["Kd.RunPage"] = ["Kd.Training", "Kd.Vision", "Kd.ServiceDefaults", "Kd.Settings", "Kd.Core"],
        ["Kd.Cache"] = ["Kd.ServiceDefaults", "Kd.Settings", "Kd.Core"],
        ["Kd.TeacherService"] = ["Kd.Vision", "Kd.ServiceDefaults", "Kd.Settings", "Kd.Core"],
        ["Kd.CurriculumAgent"] = ["Kd.ServiceDefaults", "Kd.Settings", "Kd.Core"],
        ["Kd.StudentTrainer"] = ["Kd.RunPage", "Kd.Training", "Kd.Vision", "Kd.ServiceDefaults", "Kd.Settings", "Kd.Core"],
        ["Kd.AppHost"] = ["Kd.Settings", "Kd.Core"],
    };

    /// <summary>The projects that an AppHost may start: references of an Aspire AppHost without IsAspireProjectResource="false".</summary>
    public static readonly Dictionary<string, string[]> Resources = new()
    {
        ["Kd.AppHost"] = ["Kd.Cache", "Kd.TeacherService", "Kd.StudentTrainer", "Kd.CurriculumAgent"],
    };

    /// <summary>
    /// The folders of each project from the ground up: a folder uses only those before it. A project without an order must only be free of circles.
    /// A folder is the first part of a namespace below the project's own.
    /// </summary>
    public static readonly Dictionary<string, string[]> Folders = new()
    {
        ["Kd.Core"] = ["Errors", "Files", "Randomness", "Text"],
        ["Kd.Vision"] = ["Runtime", "Imaging", "Views", "Checkpoints", "Datasets", "Export", "Models", "Distillation", "Optimization"],
        ["Kd.ServiceDefaults"] = ["Settings", "Memory", "Telemetry", "Security", "Endpoints", "Connections", "Draining", Root],
        ["Kd.Training"] =
        [
            "Diagnostics",
            "Configuration",
            "Teaching",
            "Shards",
            "Batches",
            "Students",
            "Curriculum",
            "Evaluation",
            "Artifacts",
            "Control",
            "Queue",
            "Reports",
            "Runs",
            "Studies",
            "Tasks",
            Root,
        ],
        ["Kd.RunPage"] = ["Tracing", "Charts", "Components", "Pages", Root],
        ["Kd.StudentTrainer"] = ["Terminal", "Api", "Hosting"],
        ["Kd.Settings"] = [Root],
        ["Kd.Cache"] = [Root],
        ["Kd.TeacherService"] = ["Diagnostics", "Model", "Batching", "Cache", "Labeling", "Grpc", "Hosting"],
        ["Kd.CurriculumAgent"] = ["Diagnostics", "Decisions", "Policies", "Storage", "Runs", "Grpc", "Hosting"],
        ["Kd.AppHost"] = ["Settings", "Access", "Terminal", "Trainer", "Supervision", "Hosting"],
    };
}
