using Kd.Core.Randomness;
using Kd.Settings;

namespace Kd.Vision.Datasets;

/// <summary>Divides samples into splits and subsets, class by class and reproducibly by seed.</summary>
internal static class DatasetSplitter
{
    private const ulong SplitStream = 0x5711;
    private const ulong SubsetStream = 0x50B5;

    /// <summary>Makes a dataset from the splits that were read. A missing split is drawn from the training samples, and the description says so.</summary>
    public static ImageDataset Assemble(
        string source,
        DatasetOptions options,
        IReadOnlyList<string> names,
        List<ImageItem> train,
        List<ImageItem>? validation,
        List<ImageItem>? test,
        DecodedPictures decoded
    )
    {
        var made = "";
        if (test is null)
            (train, test) = Make("test");
        if (validation is null)
            (train, validation) = Make("validation");
        var description =
            $"{source}: {train.Count} training, {validation.Count} validation, {test.Count} test images"
            + $"{(names.Count > 0 ? $" of {names.Count} classes" : "")}{made}";
        return new ImageDataset(description, names, new("train", train, decoded), new("validation", validation, decoded), new("test", test, decoded));

        (List<ImageItem> Kept, List<ImageItem> Taken) Make(string split)
        {
            made += $"; {split} is {100 * options.SplitFraction:0.#}% of the training images, drawn with seed {options.SplitSeed}";
            return TakeShare(train, options.SplitFraction, options.SplitSeed);
        }
    }

    /// <summary>Moves a share of each class (at least one sample if the class has two) from the samples into a second list; both keep the order.</summary>
    public static (List<ImageItem> Kept, List<ImageItem> Taken) TakeShare(IReadOnlyList<ImageItem> items, double share, long seed)
    {
        var taken = new HashSet<int>();
        foreach (var group in ShuffledByClass(items, seed, SplitStream))
            taken.UnionWith(group.Take(Math.Min(group.Length - 1, Math.Max(1, (int)Math.Round(share * group.Length)))));
        return (items.Where((_, index) => !taken.Contains(index)).ToList(), items.Where((_, index) => taken.Contains(index)).ToList());
    }

    /// <summary>Draws samples evenly: the numbers drawn per class differ by at most one, unless a class runs out of samples.</summary>
    public static List<ImageItem> TakeEvenly(IReadOnlyList<ImageItem> items, int count, long seed)
    {
        var groups = ShuffledByClass(items, seed, SubsetStream);
        var taken = new HashSet<int>();
        for (var round = 0; taken.Count < Math.Min(count, items.Count); round++)
        {
            foreach (var group in groups)
            {
                if (round < group.Length && taken.Count < count)
                    taken.Add(group[round]);
            }
        }

        return items.Where((_, index) => taken.Contains(index)).ToList();
    }

    private static List<int[]> ShuffledByClass(IReadOnlyList<ImageItem> items, long seed, ulong stream)
    {
        var groups = Enumerable
            .Range(0, items.Count)
            .GroupBy(index => items[index].Label)
            .OrderBy(group => group.Key)
            .Select(group => group.ToArray())
            .ToList();
        for (var label = 0; label < groups.Count; label++)
            new CounterRandom((ulong)seed, CounterRandom.Mix(stream, (ulong)label)).Shuffle(groups[label].AsSpan());
        return groups;
    }
}
