namespace Kd.Settings;

/// <summary>The catalog of all settings, from which every list of settings is made.</summary>
public static class SettingCatalog
{
    /// <summary>The option classes by section.</summary>
    public static IReadOnlyDictionary<string, Type> Sections { get; } =
        new Dictionary<string, Type>(StringComparer.OrdinalIgnoreCase)
        {
            [RunOptions.Section] = typeof(RunOptions),
            [DatasetOptions.Section] = typeof(DatasetOptions),
            [ViewOptions.Section] = typeof(ViewOptions),
            [StudentOptions.Section] = typeof(StudentOptions),
            [TrainingOptions.Section] = typeof(TrainingOptions),
            [DistillationOptions.Section] = typeof(DistillationOptions),
            [CurriculumOptions.Section] = typeof(CurriculumOptions),
            [TeacherOptions.Section] = typeof(TeacherOptions),
            [BatchingOptions.Section] = typeof(BatchingOptions),
            [CacheOptions.Section] = typeof(CacheOptions),
            [LabelOptions.Section] = typeof(LabelOptions),
            [TeacherClientOptions.Section] = typeof(TeacherClientOptions),
            [AgentClientOptions.Section] = typeof(AgentClientOptions),
            [AgentOptions.Section] = typeof(AgentOptions),
        };

    /// <summary>All settings, section by section.</summary>
    public static IReadOnlyList<Setting> All { get; } =
    [
        .. Sections.SelectMany(section => Read(section.Key, section.Value)),
        new(
            "Teachers:N:NAME",
            "",
            new("Setting Teacher:NAME of one of several teachers, N = 0, 1 and so on. One without a value of its own has that of Teacher:NAME.")
        ),
        new(SharedNames.Device, "auto", new("Device of teacher and student: auto, cpu or cuda:N. cuda needs a build with -p:Torch=cuda.") { IsShared = true }),
        new(
            "ConnectionStrings:" + SharedNames.CacheConnection,
            "",
            new("Connection string of an external Redis for the logits, such as host:6379,password=..., which replicas and machines can share.")
        ),
        new("Parameters:service-key", "generated", new("The key that the services share.")),
    ];

    /// <summary>Finds a setting by name, ignoring case; null if there is none.</summary>
    public static Setting? Find(string name) => All.FirstOrDefault(setting => setting.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<Setting> Read(string section, Type type)
    {
        var defaults = Activator.CreateInstance(type)!;
        return type.GetProperties().Where(property => property.CanWrite).Select(property => new Setting(section, property, defaults));
    }
}
