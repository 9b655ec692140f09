namespace Kd.Architecture.Tests.Folders;

/// <summary>Finds the folders that are used by a folder below them, and the circles between folders.</summary>
internal static class FolderRules
{
    /// <summary>Compares uses with an order of folders.</summary>
    /// <param name="uses">What each type of the project uses.</param>
    /// <param name="root">The project's namespace.</param>
    /// <param name="order">All folders of the project, from the ground up.</param>
    /// <returns>One line for each use of a higher folder, each folder that is missing in the order and each that only the order has.</returns>
    public static IEnumerable<string> FindUsesOfHigher(IReadOnlySet<TypeUse> uses, string root, IReadOnlyList<string> order)
    {
        var present = uses.SelectMany(use => new[] { use.User, use.Used }).Select(type => type.FolderBelow(root)).OfType<string>().ToHashSet();
        foreach (var folder in present.Except([.. order, Architecture.Root]).Order())
            yield return $"{Show(folder, root)} has no place in the order of {root}";
        foreach (var folder in order.Except(present))
            yield return $"{Show(folder, root)} is in the order of {root}, but has no types";

        // A folder without a place is reported once, not with each of its uses.
        var heights = order.Index().ToDictionary(folder => folder.Item, folder => folder.Index);
        heights.TryAdd(Architecture.Root, -1);
        foreach (var (from, to, use) in BetweenFolders(uses, root))
        {
            if (heights.TryGetValue(from, out var user) && heights.TryGetValue(to, out var used) && user < used)
                yield return use.ToString();
        }
    }

    /// <summary>Searches for folders that use each other, directly or through others.</summary>
    /// <param name="uses">What each type of the project uses.</param>
    /// <param name="root">The project's namespace.</param>
    /// <returns>For each group of such folders a line with their names, and one with an example for each arrow between two of them.</returns>
    public static IEnumerable<string> FindCircles(IReadOnlySet<TypeUse> uses, string root)
    {
        var between = BetweenFolders(uses, root).ToList();
        var arrows = between.ToLookup(step => step.From, step => step.To);
        var reachable = arrows.ToDictionary(step => step.Key, step => Reachable(step.Key, arrows));
        var groups = reachable
            .Keys.Where(folder => reachable[folder].Contains(folder))
            .GroupBy(folder => string.Join(", ", reachable[folder].Where(other => Reaches(other, folder)).Order().Select(name => Show(name, root))));
        foreach (var group in groups.OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            yield return $"{root}: circle of {group.Key}";
            var inside = between.Where(step => group.Contains(step.From) && group.Contains(step.To));
            foreach (var arrow in inside.GroupBy(step => (step.From, step.To)))
                yield return $"  {Show(arrow.Key.From, root)} -> {Show(arrow.Key.To, root)} ({arrow.Count()} uses, such as: {arrow.First().Use})";
        }

        bool Reaches(string from, string to) => reachable.TryGetValue(from, out var targets) && targets.Contains(to);
    }

    private static IEnumerable<(string From, string To, TypeUse Use)> BetweenFolders(IReadOnlySet<TypeUse> uses, string root) =>
        from use in uses
        let fromFolder = use.User.FolderBelow(root)
        let toFolder = use.Used.FolderBelow(root)
        where fromFolder is not null && toFolder is not null && fromFolder != toFolder
        orderby use.ToString()
        select (fromFolder, toFolder, use);

    private static HashSet<string> Reachable(string start, ILookup<string, string> arrows)
    {
        var found = new HashSet<string>();
        var pending = new Stack<string>(arrows[start]);
        while (pending.TryPop(out var folder))
        {
            if (!found.Add(folder))
                continue;
            foreach (var next in arrows[folder])
                pending.Push(next);
        }
        return found;
    }

    private static string Show(string folder, string root) => folder == Architecture.Root ? $"{root} itself" : folder;
}
