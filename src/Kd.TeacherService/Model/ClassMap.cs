using Kd.Vision.Datasets;

namespace Kd.TeacherService.Model;

/// <summary>Maps the dataset's classes to outputs of the network.</summary>
/// <param name="Classes">The dataset's class names, in its order.</param>
/// <param name="Outputs">The network's output for each class; null where both are in the same order.</param>
/// <param name="NetworkClasses">Number of the network's outputs.</param>
internal sealed record ClassMap(IReadOnlyList<string> Classes, long[]? Outputs, int NetworkClasses)
{
    private const int Shown = 5;

    /// <summary>Matches the dataset's classes with the network's by name (WordNet id).</summary>
    /// <param name="datasetClasses">The dataset's class names; none: the network's count.</param>
    /// <param name="networkOutputs">Number of the network's outputs, from its weights.</param>
    /// <param name="networkClasses">Names of these outputs, or null where they are unknown; then there must be as many as the dataset has classes.</param>
    /// <exception cref="TeacherException">A class is missing, or the names cannot be matched.</exception>
    public static ClassMap Create(IReadOnlyList<string> datasetClasses, int networkOutputs, IReadOnlyList<string>? networkClasses)
    {
        if (networkClasses is null)
        {
            if (datasetClasses.Count == 0)
                throw NoNames();
            return networkOutputs == datasetClasses.Count
                ? new ClassMap(datasetClasses, null, networkOutputs)
                : throw new TeacherException(
                    $"The teacher has {networkOutputs} classes, the dataset {datasetClasses.Count}, and the weights file names none. Set Teacher:ClassList "
                        + $"to a file with the teacher's {networkOutputs} class names (WordNet ids) in order, one a line."
                );
        }

        if (networkClasses.Count != networkOutputs)
            throw new TeacherException($"The teacher has {networkOutputs} classes, but its class list has {networkClasses.Count} names.");
        if (datasetClasses.Count == 0)
            datasetClasses = RequireDistinct(networkClasses);
        if (networkClasses.SequenceEqual(datasetClasses))
            return new ClassMap(datasetClasses, null, networkOutputs);
        var outputs = networkClasses.Index().GroupBy(entry => entry.Item).ToDictionary(group => group.Key, group => (long)group.First().Index);
        var missing = datasetClasses.Where(name => !outputs.ContainsKey(name)).ToList();
        if (missing.Count > 0)
            throw new TeacherException(
                $"The teacher lacks {missing.Count} of the dataset's {datasetClasses.Count} classes: {string.Join(", ", missing.Take(Shown))}"
                    + $"{(missing.Count > Shown ? ", ..." : "")}. Its own are named {string.Join(", ", networkClasses.Take(Shown))}, ..."
            );
        return new ClassMap(datasetClasses, [.. datasetClasses.Select(name => outputs[name])], networkOutputs);
    }

    private static IReadOnlyList<string> RequireDistinct(IReadOnlyList<string> names) =>
        names.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1)?.Key is { } twice
            ? throw new TeacherException(
                $"Two of the teacher's classes have the name '{twice}', and the dataset has no names of its own. The first word of each line of "
                    + "Teacher:ClassList counts: give each class another one."
            )
            : names;

    /// <summary>The error that neither dataset nor teacher names the classes.</summary>
    public static TeacherException NoNames() =>
        new(
            "Dataset:Path is 'none', so the teacher must name the classes, but its weights file names none. Set Teacher:ClassList to a file with the names "
                + "of its outputs in order, one a line."
        );

    /// <summary>Reads a class list: the first word of each line of a file, or the class folders of a dataset.</summary>
    /// <exception cref="TeacherException">There is no such file or folder, or it is empty.</exception>
    public static IReadOnlyList<string> ReadList(string path)
    {
        if (Directory.Exists(path))
        {
            var folders = Directory.GetDirectories(path).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal).ToList();
            return Directory.Exists(Path.Combine(path, "train")) ? DatasetLoader.ReadClassNames(path) : folders;
        }

        if (!File.Exists(path))
            throw new TeacherException($"Teacher:ClassList '{path}' is neither a file nor a folder.");
        return [.. File.ReadLines(path).Where(line => !string.IsNullOrWhiteSpace(line)).Select(line => line.Trim().Split((char[])['\t', ' '], 2)[0])];
    }
}
