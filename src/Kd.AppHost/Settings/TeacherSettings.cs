using System.Globalization;
using Kd.Settings;

namespace Kd.AppHost.Settings;

/// <summary>The teacher of the section Teacher, or one of several: those of the sections Teachers:0, Teachers:1 and so on.</summary>
/// <param name="Resource">Name of its resource: teacher, or teacher-0, teacher-1 and so on.</param>
/// <param name="Section">Section of its own settings.</param>
/// <param name="Values">Values of its settings by their name in the section.</param>
internal sealed record TeacherSettings(string Resource, string Section, IReadOnlyDictionary<string, string> Values)
{
    /// <summary>Section of several teachers.</summary>
    public const string Several = "Teachers";

    /// <summary>Number of processes.</summary>
    public int Replicas => Number(nameof(TeacherOptions.Replicas)) ?? 1;

    /// <summary>CPU threads of each process; 0: all cores; null where the settings leave it open.</summary>
    public int? Threads => Number(nameof(TeacherOptions.Threads));

    /// <summary>Whether the network is small, so that it needs only a share of the cores beside training.</summary>
    public bool IsSmall => TeacherOptions.IsSmall(Values.GetValueOrDefault(nameof(TeacherOptions.Architecture)));

    /// <summary>Its settings as environment variables of the service, which knows the section Teacher only.</summary>
    public IEnumerable<KeyValuePair<string, string>> Variables =>
        Values.Select(value => new KeyValuePair<string, string>(SharedNames.ToVariable($"{TeacherOptions.Section}:{value.Key}"), value.Value));

    /// <summary>Reads the teachers. The settings of Teacher hold for each of several that has no value of its own.</summary>
    public static IReadOnlyList<TeacherSettings> Read(IReadOnlyDictionary<string, string> values)
    {
        var common = In(values, TeacherOptions.Section);
        var numbers = Numbers(values);
        if (numbers.Count == 0)
            return [new(SharedNames.Teacher, TeacherOptions.Section, common)];
        return [.. numbers.Select(number => new TeacherSettings($"{SharedNames.Teacher}-{number}", SectionOf(number), Merge(number)))];

        Dictionary<string, string> Merge(int number)
        {
            var merged = new Dictionary<string, string>(common, StringComparer.OrdinalIgnoreCase);
            foreach (var (name, value) in In(values, SectionOf(number)))
                merged[name] = value;
            return merged;
        }
    }

    /// <summary>Finds the mistakes in the sections Teacher and Teachers:N.</summary>
    public static IEnumerable<SettingProblem> FindProblems(IReadOnlyDictionary<string, string> values)
    {
        var (common, numbers) = (In(values, TeacherOptions.Section), Numbers(values));
        foreach (var name in values.Keys.Where(name => IsOfSeveral(name) && NumberOf(name) is null))
            yield return new(name, $"{name} is not a setting. Expected {Several}:N:Name with N = 0, 1 and so on, such as {Several}:0:Weights.");
        foreach (var (missing, found) in numbers.Index().Where(entry => entry.Index != entry.Item).Take(1))
            yield return new(
                SectionOf(found),
                $"There are settings of {SectionOf(found)}, but none of {SectionOf(missing)}. Number the teachers 0, 1, 2 and so on without a gap."
            );
        // What several teachers lack here, each may have for itself.
        foreach (var problem in Check(TeacherOptions.Section, common, new TeacherOptions()))
        {
            if (numbers.Count == 0 || values.ContainsKey(problem.Name))
                yield return problem;
        }

        foreach (var section in numbers.Select(SectionOf))
        {
            var options = new TeacherOptions();
            Check(TeacherOptions.Section, common, options);
            foreach (var problem in Check(section, In(values, section), options))
            {
                if (values.ContainsKey(problem.Name) || !common.ContainsKey(problem.Name[(section.Length + 1)..]))
                    yield return problem;
            }
        }
    }

    /// <summary>Whether a name is one of Teachers:N:Name.</summary>
    public static bool IsOfSeveral(string name) => name.StartsWith(Several + ":", StringComparison.OrdinalIgnoreCase);

    /// <summary>Finds the setting of a name, which may be one of Teachers:N; null if there is none.</summary>
    public static Setting? Find(string name) => SettingCatalog.Find(NumberOf(name) is null ? name : $"{TeacherOptions.Section}:{name.Split(':')[2]}");

    // Wrong values are reported elsewhere.
    private int? Number(string name) => int.TryParse(Values.GetValueOrDefault(name), CultureInfo.InvariantCulture, out var number) ? number : null;

    private static IReadOnlyList<SettingProblem> Check(string section, IEnumerable<KeyValuePair<string, string>> values, TeacherOptions options) =>
        SectionReader.Read(options, section, values.Select(value => new KeyValuePair<string, string?>(value.Key, value.Value)));

    private static Dictionary<string, string> In(IReadOnlyDictionary<string, string> values, string section) =>
        values
            .Where(value => value.Key.StartsWith(section + ":", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(value => value.Key[(section.Length + 1)..], value => value.Value, StringComparer.OrdinalIgnoreCase);

    private static string SectionOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{Several}:{number}");

    private static List<int> Numbers(IReadOnlyDictionary<string, string> values) => [.. values.Keys.Select(NumberOf).OfType<int>().Distinct().Order()];

    private static int? NumberOf(string name) =>
        IsOfSeveral(name)
        && name.Split(':') is [_, var text, _]
        && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
        && name.StartsWith(SectionOf(number) + ":", StringComparison.OrdinalIgnoreCase)
            ? number
            : null;
}
