using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Kd.AppHost.Settings;

/// <summary>The settings that follow <c>--</c> on the command line: handed on to the services that know their section.</summary>
internal sealed class RunSettings
{
    /// <summary>Exit code of a mistake on the command line.</summary>
    public const int UsageError = 2;

    private const string Demo = "demo";
    private static readonly string[] s_allSections =
    [
        "Agent",
        "AgentClient",
        "Batching",
        "Cache",
        "ConnectionStrings",
        "Curriculum",
        "Dataset",
        "Device",
        "Distillation",
        "Parameters",
        "Run",
        "Student",
        "Teacher",
        "TeacherClient",
        "Training",
        "Views",
    ];

    // What Aspire's CLI and its tests pass, and what a .NET host reads.
    private static readonly string[] s_aspires =
    [
        "operation",
        "publisher",
        "step",
        "list-steps",
        "output-path",
        "log-level",
        "include-exception-details",
        "clear-cache",
        "yes",
        "dcp-cli-path",
        "dcp-container-runtime",
        "dcp-dependency-check-timeout",
        "dcp-dashboard-path",
        "AppHost",
        "Dashboard",
        "DcpPublisher",
        "Pipeline",
        "Publishing",
        "Logging",
        "environment",
        "contentRoot",
        "applicationName",
    ];

    // Relative to where the user is, not to where the services are.
    private static readonly string[] s_paths =
    [
        "Dataset:Path",
        "Teacher:Weights",
        "Teacher:ClassList",
        "Run:Folder",
        "Run:Checkpoint",
        "Agent:StateFolder",
        "Cache:Folder",
        "Dataset:DecodedFolder",
    ];
    private readonly Dictionary<string, string> _values;

    private RunSettings(Dictionary<string, string> values) => _values = values;

    /// <summary>Sections of the trainer.</summary>
    public static string[] TrainerSections { get; } =
    ["Run", "Dataset", "Views", "Student", "Training", "Distillation", "Curriculum", "TeacherClient", "AgentClient", "Device"];

    /// <summary>Processes of the teacher.</summary>
    public int TeacherReplicas => int.Parse(_values.GetValueOrDefault("Teacher:Replicas", "1"), null);

    /// <summary>Whether the teacher's logits go to the Redis of <c>ConnectionStrings:cache</c>, and not to a server of the AppHost's own.</summary>
    public bool HasOwnRedis => _values.ContainsKey("ConnectionStrings:cache");

    /// <summary>Folder in which the AppHost's own cache keeps its entries; empty: in memory only.</summary>
    public string CacheFolder => _values["Cache:Folder"];

    /// <summary>Reads the command line over the defaults; writes what is wrong with it.</summary>
    public static bool TryRead(string[] args, out RunSettings settings)
    {
        settings = new RunSettings(new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase));
        try
        {
            settings.Add(new ConfigurationBuilder().AddEnvironmentVariables().Build(), strict: false);
            var stray = args.Where((arg, index) => !arg.StartsWith('-') && (index == 0 || !args[index - 1].StartsWith('-') || args[index - 1].Contains('=')))
                .ToList();
            if (stray.Count > 0)
                throw new FormatException($"'{stray[0]}' is not a setting. Expected --Section:Name=value, for example --Training:Epochs=10.");
            settings.Add(new ConfigurationBuilder().AddCommandLine(args).Build(), strict: true);
            settings.AddDefaults();
            return true;
        }
        catch (FormatException error)
        {
            Console.Error.WriteLine("error: " + error.Message);
            return false;
        }
    }

    /// <summary>The values of some sections, as environment variables.</summary>
    public IEnumerable<KeyValuePair<string, string>> Variables(IEnumerable<string> sections) =>
        _values
            .Where(value => sections.Contains(value.Key.Split(':')[0], StringComparer.OrdinalIgnoreCase))
            .Select(value => new KeyValuePair<string, string>(value.Key.Replace(":", "__", StringComparison.Ordinal), value.Value));

    private void Add(IConfiguration configuration, bool strict)
    {
        foreach (var (name, value) in configuration.AsEnumerable())
        {
            if (value is null)
                continue;
            if (
                s_allSections.Contains(name.Split(':')[0], StringComparer.OrdinalIgnoreCase)
                && (name.Contains(':') || name.Equals("Device", StringComparison.OrdinalIgnoreCase))
            )
                _values[name] = value;
            else if (strict && !IsAspires(name))
                throw new FormatException(
                    $"--{name} is not a setting. Settings are --Section:Name=value with the sections {string.Join(", ", s_allSections)}."
                );
        }
    }

    private static bool IsAspires(string name) =>
        s_aspires.Contains(name.Split(':')[0], StringComparer.OrdinalIgnoreCase) || name.StartsWith("ASPIRE_", StringComparison.OrdinalIgnoreCase);

    private void AddDefaults()
    {
        var usesDemo = _values.GetValueOrDefault("Dataset:Path", Demo) == Demo;
        foreach (var (name, value) in usesDemo ? DemoDefaults() : [])
            _values.TryAdd(name, value);
        _values.TryAdd("Run:Study", "methods");
        // At a terminal, dashboard and run page stay until the user ends them; a script wants the end of its run.
        _values.TryAdd("Run:Stay", Console.IsInputRedirected ? "false" : "true");
        _values.TryAdd("Run:Folder", "runs");
        _values.TryAdd("Agent:StateFolder", Path.Combine(_values["Run:Folder"], "agent"));
        _values.TryAdd("Cache:Folder", Path.Combine(_values["Run:Folder"], "cache"));
        _values.TryAdd("Dataset:DecodedFolder", Path.Combine(_values["Run:Folder"], "decoded"));
        foreach (var name in s_paths)
        {
            if (_values.TryGetValue(name, out var path) && path is not (Demo or "random" or ""))
                _values[name] = Path.GetFullPath(path);
        }

        if (!int.TryParse(_values.GetValueOrDefault("Teacher:Replicas", "1"), out var replicas) || replicas is < 1 or > 64)
            throw new FormatException($"Teacher:Replicas is '{_values["Teacher:Replicas"]}', expected 1 to 64.");
        // Several for each replica, since a proxy in front of them spreads connections by its own rule.
        _values.TryAdd("TeacherClient:Connections", (4 + 4 * replicas).ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The demo: a teacher that the repository ships, and a student that two cores can train in minutes.</summary>
    private static IEnumerable<KeyValuePair<string, string>> DemoDefaults() =>
        [
            new("Dataset:Path", Demo),
            new("Teacher:Architecture", "cifar-resnet20"),
            new("Teacher:Weights", Path.Combine(AppContext.BaseDirectory, "models", "demo-teacher.safetensors")),
            new("Student:Width", "0.25"),
            new("Dataset:DemoTrainPerClass", "25"),
            new("Training:Epochs", "24"),
            new("Training:BatchSize", "32"),
            new("Training:LearningRate", "0.005"),
            new("Views:PerSample", "4"),
        ];
}
