using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Kd.Settings;

/// <summary>Options of the task, and of the folder for its results: the section <c>Run</c>.</summary>
public sealed class RunOptions
{
    public const string Section = "Run";

    /// <summary>Values of <see cref="Task"/>.</summary>
    public const string Train = "train",
        Label = "label",
        ExportLabels = "export-labels",
        Verify = "verify",
        Evaluate = "evaluate",
        Predict = "predict",
        Teacher = "teacher",
        Serve = "serve",
        Work = "work";

    /// <summary>Folders in <see cref="Folder"/> that are not runs: of the agent, the cache, decoded pictures, evaluations and predictions.</summary>
    public static IReadOnlySet<string> OtherFolders { get; } =
        new HashSet<string>(["agent", "cache", "decoded", "evaluations", "predictions"], StringComparer.OrdinalIgnoreCase);

    [Setting(
        "train; teacher: train the network of Teacher:Architecture on the labels, from Teacher:Weights or from nothing, to be a teacher later; "
            + "label: label all views ahead of training; export-labels: copy stored logits to Labels:Write; verify: compare stored logits with fresh ones; "
            + "evaluate: measure a weights file; predict: classify a folder of pictures with a student.onnx; serve: only run what is started from the run "
            + "page; work: take runs of the studies of another trainer with the same Run:Folder.",
        MayChange = true
    )]
    [AllowedValues(
        Train,
        Teacher,
        Label,
        ExportLabels,
        Verify,
        Evaluate,
        Predict,
        Serve,
        Work,
        ErrorMessage = "Use train, teacher, label, export-labels, verify, evaluate, predict, serve or work."
    )]
    public string Task { get; set; } = Train;

    [Setting(
        "Whether dashboard and run page stay after the last run, until Ctrl-C. The AppHost sets it to true at a terminal.",
        MayChange = true,
        IsShared = true
    )]
    public bool Stay { get; set; }

    [Setting(
        "i/n: label and export-labels take shard i (from 0) of n of the views, those whose id modulo n is i, so that n processes share the work.",
        MayChange = true,
        IsShared = true
    )]
    [RegularExpression("^[0-9]{1,6}/[1-9][0-9]{0,5}$", ErrorMessage = "Use i/n with i from 0 to n - 1, such as 0/16.")]
    public string Shard { get; set; } = "0/1";

    [Setting("Number of views that verify draws.", MayChange = true, IsShared = true)]
    [Range(1, 10_000_000)]
    public int Sample { get; set; } = 1000;

    [Setting("Weights file that evaluate loads, or the student.onnx that predict uses.", IsPath = true, IsShared = true)]
    public string? Checkpoint { get; set; }

    [Setting("Folder with the pictures that predict classifies, in any structure, or of parquet files.", IsPath = true, IsShared = true)]
    public string? Pictures { get; set; }

    [Setting("Number of classes that predict writes for each picture, most probable first.", IsShared = true)]
    [Range(1, 100_000)]
    public int Top { get; set; } = 5;

    [Setting("Split that evaluate measures.", IsShared = true)]
    [AllowedValues("test", "validation", "train", ErrorMessage = "Use test, validation or train.")]
    public string Split { get; set; } = "test";

    [Setting("Repetitions with the seeds Run:Seed, Run:Seed + 1 and so on; tables then show mean and standard deviation.", Label = "Repetitions")]
    [Range(1, 1000)]
    public int Seeds { get; set; } = 1;

    [Setting(
        "What to compare in a table. methods (also true): the teacher and four methods; views: kd with 1 to 16 and with fresh views; "
            + "students: kd with each student of Student:Compare, by size and speed; "
            + "curriculum: kd, labels, the reference and curricula at equal compute, each seed with its own splits; "
            + "none (also false): nothing, one run of Distillation:Method. The AppHost sets it to methods.",
        Label = "Study"
    )]
    [AllowedValues(
        StudyKinds.None,
        StudyKinds.Methods,
        StudyKinds.Views,
        StudyKinds.Students,
        StudyKinds.Curriculum,
        ErrorMessage = "Use none, methods, views, students or curriculum."
    )]
    public string Study
    {
        get;
        set =>
            field = value?.ToUpperInvariant() switch
            {
                "TRUE" => StudyKinds.Methods,
                "FALSE" => StudyKinds.None,
                _ => value!,
            };
    } = StudyKinds.None;

    [Setting("Folder of the runs' folders.", IsPath = true, MayChange = true, IsShared = true)]
    [Required]
    public string Folder { get; set; } = "runs";

    [Setting(
        "Name of the run and of its folder; empty: the time of the start. agent, cache, decoded, evaluations and predictions are taken.",
        Label = "Name",
        MayChange = true
    )]
    [RegularExpression("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$", ErrorMessage = "Use 1 to 80 letters, digits, '-', '_' or '.'.")]
    public string? Id { get; set; }

    [Setting("auto: continue the newest unfinished run of the same settings, or that of Run:Id; never: start over.", MayChange = true, IsShared = true)]
    [AllowedValues("auto", "never", ErrorMessage = "Use auto or never.")]
    public string Resume { get; set; } = "auto";

    [Setting("Time between checkpoints within an epoch; there is always one at its end.", MayChange = true)]
    [Range(typeof(TimeSpan), "00:00:00.01", "1.00:00:00")]
    public TimeSpan CheckpointEvery { get; set; } = TimeSpan.FromMinutes(1);

    [Setting("Seed of weights, sample order and dropout. The same seed and threads give the same student on a CPU.", Label = "First seed")]
    public long Seed { get; set; } = 1;

    [Setting(
        "CPU threads of one operation of the student; 0: all cores, which the workers of a study share evenly. "
            + "Beside a teacher of cifar-*, without the cores that it takes."
    )]
    [Range(0, 1024)]
    public int Threads { get; set; }

    [Setting(
        "Processes that run a study's runs at the same time, the trainer among them; the AppHost starts the others. "
            + "0: one for each core and run, but one alone on a GPU and for a single run.",
        MayChange = true,
        IsShared = true
    )]
    [Range(0, 256)]
    public int Workers { get; set; }

    [Setting("Batches prepared ahead of the steps.", MayChange = true)]
    [Range(1, 64)]
    public int Prefetch { get; set; } = 4;

    /// <summary>Whether there are several runs, of which each has a folder of its own, so that processes can share them.</summary>
    [JsonIgnore]
    public bool HasSeveralRuns => Study != StudyKinds.None || Seeds > 1;

    /// <summary>Copies the options so that they continue a run, whatever they say about starting over.</summary>
    /// <param name="id">Name of the run.</param>
    public RunOptions Continuing(string id)
    {
        var copy = (RunOptions)MemberwiseClone();
        (copy.Id, copy.Resume) = (id, "auto");
        return copy;
    }

    /// <summary>Copies the options with another seed, for one repetition.</summary>
    public RunOptions WithSeed(long seed)
    {
        var copy = (RunOptions)MemberwiseClone();
        copy.Seed = seed;
        return copy;
    }
}
