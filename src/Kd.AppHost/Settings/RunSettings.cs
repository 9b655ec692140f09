using System.Globalization;
using Kd.Settings;
using Microsoft.Extensions.Configuration;

namespace Kd.AppHost.Settings;

/// <summary>The settings that follow <c>--</c> on the command line. They are checked here and passed to the services that use their section.</summary>
internal sealed class RunSettings
{
    /// <summary>Exit code of a mistake on the command line.</summary>
    public const int UsageError = 2;

    private const string CacheConnection = "ConnectionStrings:" + SharedNames.CacheConnection;
    private static readonly SettingProblem s_work = new(
        "Run:Task",
        "Run:Task is 'work', but the AppHost starts the workers of its trainer itself: set their number with Run:Workers. On another machine, start "
            + "Kd.StudentTrainer with Run:Task=work (docs/running.md, Workers)."
    );
    private static readonly SettingProblem s_oneTeacher = new(
        "Run:Task",
        "Run:Task is 'teacher', which trains one network, that of Teacher:Architecture, but there are settings of Teachers:N. Leave them out."
    );
    private readonly Dictionary<string, string> _values;

    private RunSettings(Dictionary<string, string> values) => _values = values;

    /// <summary>Sections that every teacher uses besides its own.</summary>
    public static string[] TeacherSections { get; } = [BatchingOptions.Section, CacheOptions.Section, DatasetOptions.Section, SharedNames.Device];

    /// <summary>Sections that the trainer uses.</summary>
    public string[] TrainerSections =>
        [
            RunOptions.Section,
            DatasetOptions.Section,
            ViewOptions.Section,
            StudentOptions.Section,
            TrainingOptions.Section,
            DistillationOptions.Section,
            CurriculumOptions.Section,
            LabelOptions.Section,
            TeacherClientOptions.Section,
            AgentClientOptions.Section,
            SharedNames.Device,
            .. TrainsTeacher ? [TeacherOptions.Section] : Array.Empty<string>(),
        ];

    /// <summary>Identifies this start of the host.</summary>
    public string Start { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Cores that the teachers take while students train.</summary>
    public int TeacherCores => CoreShares.TeacherCores(_values.GetValueOrDefault, Teachers);

    /// <summary>Number of processes that train, the trainer among them.</summary>
    public int Workers => int.Parse(_values["Run:Workers"], CultureInfo.InvariantCulture);

    /// <summary>The teachers, one or several.</summary>
    public IReadOnlyList<TeacherSettings> Teachers => TeacherSettings.Read(_values);

    /// <summary>
    /// Whether runs need teachers: they do unless Labels:Path names what they learn from, a teacher is what is trained, or a student classifies pictures.
    /// </summary>
    public bool UsesTeachers => string.IsNullOrEmpty(_values.GetValueOrDefault("Labels:Path")) && !TrainsTeacher && !IsTask(RunOptions.Predict);

    /// <summary>Whether logits are stored in the Redis of <c>ConnectionStrings:cache</c> instead of the AppHost's own server.</summary>
    public bool UsesExternalRedis => _values.ContainsKey(CacheConnection);

    /// <summary>Folder in which the AppHost's own cache keeps its entries; empty: in memory only.</summary>
    public string CacheFolder => _values["Cache:Folder"];

    /// <summary>Reads the command line, the environment and the defaults, in this order of precedence; writes all mistakes to the standard error.</summary>
    public static bool TryRead(string[] args, out RunSettings settings)
    {
        settings = new RunSettings(new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase));
        var problems = CommandLine.FindUnexpected(args);
        if (problems.Count == 0)
        {
            settings.Add(new ConfigurationBuilder().AddEnvironmentVariables().Build());
            settings.Add(CommandLine.Read(args, problems));
            settings._values.TryAdd("Run:Folder", "runs");
            problems.AddRange(TrainedTeachers.Resolve(settings._values));
            settings.AddDefaults();
            problems.AddRange(settings.FindProblems());
        }

        foreach (var message in problems.Select(problem => problem.Message).Distinct())
            Console.Error.WriteLine("error: " + message);
        return problems.Count == 0;
    }

    /// <summary>The settings of some sections as environment variables.</summary>
    public IEnumerable<KeyValuePair<string, string>> Variables(IEnumerable<string> sections) =>
        _values
            .Where(value => sections.Contains(SectionOf(value.Key), StringComparer.OrdinalIgnoreCase))
            .Select(value => new KeyValuePair<string, string>(SharedNames.ToVariable(value.Key), value.Value));

    private void Add(IConfiguration configuration)
    {
        foreach (var (name, value) in configuration.AsEnumerable())
        {
            if (value is not null && CommandLine.IsSetting(name))
                _values[name] = value;
        }
    }

    private IEnumerable<SettingProblem> FindProblems() =>
        FindWrongValues()
            .Concat(IsTask(RunOptions.Work) ? [s_work] : [])
            .Concat(TrainsTeacher && _values.Keys.Any(TeacherSettings.IsOfSeveral) ? [s_oneTeacher] : []);

    private IEnumerable<SettingProblem> FindWrongValues() =>
        SettingCatalog
            .Sections.Where(section => section.Key != TeacherOptions.Section)
            .SelectMany(section =>
                SectionReader.Read(
                    Activator.CreateInstance(section.Value)!,
                    section.Key,
                    _values
                        .Where(value => value.Key.Contains(':') && SectionOf(value.Key).Equals(section.Key, StringComparison.OrdinalIgnoreCase))
                        .Select(value => new KeyValuePair<string, string?>(value.Key[(section.Key.Length + 1)..], value.Value))
                )
            )
            // A teacher that is not started needs no weights, but what is said about it must be right.
            .Concat(TeacherSettings.FindProblems(_values).Where(problem => UsesTeachers || _values.ContainsKey(problem.Name)));

    private bool TrainsTeacher => IsTask(RunOptions.Teacher);

    private bool IsTask(string task) => _values.GetValueOrDefault("Run:Task") == task;

    private void AddDefaults()
    {
        if (_values.GetValueOrDefault("Dataset:Path", DatasetOptions.Demo) == DatasetOptions.Demo)
        {
            foreach (var (name, value) in DemoDefaults())
                _values.TryAdd(name, value);
            if (!TrainsTeacher)
            {
                _values.TryAdd("Teacher:Weights", Path.Combine(AppContext.BaseDirectory, "models", "demo-teacher.safetensors"));
                _values.TryAdd("Views:PerSample", "4");
            }

            // Not of every network.
            if (!TrainsTeacher && !_values.ContainsKey("Student:Architecture"))
                _values.TryAdd("Student:Width", "0.25");
        }

        // The methods of that study need labels, and a teacher.
        _values.TryAdd("Run:Study", TrainsTeacher || _values.GetValueOrDefault("Dataset:Path") == DatasetOptions.None ? StudyKinds.None : StudyKinds.Methods);
        if (_values.GetValueOrDefault("Run:Workers", "0") == "0")
            _values["Run:Workers"] = CoreShares.Workers(_values.GetValueOrDefault).ToString(CultureInfo.InvariantCulture);
        AddTeacherThreads();
        // At a terminal, dashboard and run page stay until Ctrl-C; a script needs the program to end with its run.
        _values.TryAdd("Run:Stay", Console.IsInputRedirected ? "false" : "true");
        _values.TryAdd("Agent:StateFolder", Path.Combine(_values["Run:Folder"], "agent"));
        _values.TryAdd("Cache:Folder", Path.Combine(_values["Run:Folder"], "cache"));
        _values.TryAdd("Dataset:DecodedFolder", Path.Combine(_values["Run:Folder"], "decoded"));
        // Relative to the user's folder, not to the folders of the services.
        foreach (var (name, path) in _values.Where(value => TeacherSettings.Find(value.Key) is { About.IsPath: true }).ToList())
        {
            if (path is not (DatasetOptions.Demo or DatasetOptions.None or TeacherOptions.RandomWeights or ""))
                _values[name] = Path.GetFullPath(path);
        }

        // Several for each replica, since the proxy in front of them distributes connections by its own rule.
        if (Teachers.Max(teacher => teacher.Replicas) is >= 1 and <= 64 and var replicas)
            _values.TryAdd("TeacherClient:Connections", (4 + 4 * replicas).ToString(CultureInfo.InvariantCulture));
    }

    private void AddTeacherThreads()
    {
        var teachers = Teachers;
        foreach (var teacher in teachers.Where(teacher => !teacher.Values.ContainsKey("Threads")))
            _values[$"{teacher.Section}:Threads"] = CoreShares
                .TeacherThreads(_values.GetValueOrDefault, teacher, teachers)
                .ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The demo's settings: a teacher from the repository, and a student that two cores can train in minutes.</summary>
    private static IEnumerable<KeyValuePair<string, string>> DemoDefaults() =>
        [
            new("Dataset:Path", DatasetOptions.Demo),
            new("Teacher:Architecture", "cifar-resnet20"),
            new("Dataset:DemoTrainPerClass", "25"),
            new("Training:Epochs", "24"),
            new("Training:BatchSize", "32"),
            new("Training:LearningRate", "0.1"),
        ];

    private static string SectionOf(string name) => name.Split(':')[0];
}
