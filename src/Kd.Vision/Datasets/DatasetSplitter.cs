using Kd.Core.Randomness;

namespace Kd.Vision.Datasets;

/// <summary>Divides samples with a seed, class by class.</summary>
internal static class DatasetSplitter
{
    private const ulong SplitStream = 0x5711;
    private const ulong SubsetStream = 0x50B5;

    /// <summary>Makes a dataset of the splits that were read; a missing one is taken out of the training samples, and the description says so.</summary>
    public static ImageDataset Assemble(
        string kind,
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
            $"{kind} at {options.Path}: {train.Count} training, {validation.Count} validation, {test.Count} test images of {names.Count} classes{made}";
        return new ImageDataset(description, names, new("train", train, decoded), new("validation", validation, decoded), new("test", test, decoded));

        (List<ImageItem> Kept, List<ImageItem> Taken) Make(string split)
        {
            made += $"; {split} is {100 * options.SplitFraction:0.#}% of the training images, drawn with seed {options.SplitSeed}";
            return TakeShare(train, options.SplitFraction, options.SplitSeed);
        }
    }

    /// <summary>Takes a share of each class (at least one sample where the class has two) out of the samples; the rest keeps its order.</summary>
    public static (List<ImageItem> Kept, List<ImageItem> Taken) TakeShare(IReadOnlyList<ImageItem> items, double share, long seed)
    {
        var taken = new HashSet<int>();
        foreach (var group in ShuffledByClass(items, seed, SplitStream))
            taken.UnionWith(group.Take(Math.Min(group.Length - 1, Math.Max(1, (int)Math.Round(share * group.Length)))));
        return (items.Where((_, index) => !taken.Contains(index)).ToList(), items.Where((_, index) => taken.Contains(index)).ToList());
    }

    /// <summary>Draws samples so that no class gets two more than another that still has some.</summary>
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
