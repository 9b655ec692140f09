using System.ComponentModel.DataAnnotations;

namespace Kd.StudentTrainer.Runs;

/// <summary>What to run and where to keep it: the section <c>Run</c>.</summary>
internal sealed class RunOptions
{
    public const string Section = "Run";

    /// <summary>Folders in Run:Folder that are not runs: of the agent, the cache, decoded pictures and evaluations.</summary>
    public static IReadOnlySet<string> OtherFolders { get; } =
        new HashSet<string>(["agent", "cache", "decoded", "evaluations"], StringComparer.OrdinalIgnoreCase);

    /// <summary>The task that labels all views ahead of training.</summary>
    public const string Label = "label";

    /// <summary>The task of a trainer that only does what is asked on its page.</summary>
    public const string Serve = "serve";

    /// <summary>
    /// <c>train</c> (default); <c>label</c>: have the teacher label all views of the dataset ahead of training; <c>verify</c>: compare stored logits with
    /// fresh ones on a sample; <c>evaluate</c>: measure a weights file on a split; <c>serve</c>: nothing by itself, runs are started from the page.
    /// </summary>
    [AllowedValues("train", Label, "verify", "evaluate", Serve, ErrorMessage = "Use train, label, verify, evaluate or serve.")]
    public string Task { get; set; } = "train";

    /// <summary>Whether the trainer stays after its work, with its page, and waits for runs that are started there. Default false.</summary>
    public bool Stay { get; set; }

    /// <summary>Views that the task verify draws. Default 1000; allowed 1 to 10 million.</summary>
    [Range(1, 10_000_000)]
    public int Sample { get; set; } = 1000;

    /// <summary>Weights file that the task evaluate loads.</summary>
    public string? Checkpoint { get; set; }

    /// <summary>Split that the task evaluate measures on: test (default), validation or train.</summary>
    [AllowedValues("test", "validation", "train", ErrorMessage = "Use test, validation or train.")]
    public string Split { get; set; } = "test";

    /// <summary>Repetitions with the seeds Run:Seed, Run:Seed + 1, ...; tables then give mean and standard deviation. Default 1; allowed 1 to 1000.</summary>
    [Range(1, 1000)]
    public int Seeds { get; set; } = 1;

    /// <summary>
    /// What to compare in a table: <c>none</c> (default; also false): one run of Distillation:Method; <c>methods</c> (also true): teacher and the four
    /// methods; <c>views</c>: kd with 1, 2, 4, 8, 16 and with fresh views of each sample; <c>curriculum</c>: kd, plain
    /// baselines and all policies at equal updates, with a paired test.
    /// </summary>
    [AllowedValues(StudyKinds.None, StudyKinds.Methods, StudyKinds.Views, StudyKinds.Curriculum, ErrorMessage = "Use none, methods, views or curriculum.")]
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

    /// <summary>Folder that holds the runs' folders. Default runs.</summary>
    [Required]
    public string Folder { get; set; } = "runs";

    /// <summary>Name of the run's folder; empty (default) takes the time of the start. Not one of <see cref="OtherFolders"/>.</summary>
    [RegularExpression("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$", ErrorMessage = "Use 1 to 80 letters, digits, '-', '_' or '.'.")]
    public string? Id { get; set; }

    /// <summary>
    /// <c>auto</c> (default): go on with the newest unfinished run of the same settings, or with Run:Id's; <c>never</c>: begin anew.
    /// </summary>
    [AllowedValues("auto", "never", ErrorMessage = "Use auto or never.")]
    public string Resume { get; set; } = "auto";

    /// <summary>Time between checkpoints within an epoch; there is one at the end of each. Default 1 minute; allowed 0.01 seconds to 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "1.00:00:00")]
    public TimeSpan CheckpointEvery { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Seed of the student's weights, of the sample order and of dropout. Default 1.</summary>
    public long Seed { get; set; } = 1;

    /// <summary>The same options with another seed, for one repetition.</summary>
    internal RunOptions WithSeed(long seed)
    {
        var copy = (RunOptions)MemberwiseClone();
        copy.Seed = seed;
        return copy;
    }

    /// <summary>Threads of one operation on the CPU; 0 (default) takes all cores.</summary>
    [Range(0, 1024)]
    public int Threads { get; set; }

    /// <summary>Batches that are prepared ahead. Default 4; allowed 1 to 64.</summary>
    [Range(1, 64)]
    public int Prefetch { get; set; } = 4;
}
