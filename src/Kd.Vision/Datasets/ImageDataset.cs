using System.IO.Hashing;
using System.Text;

namespace Kd.Vision.Datasets;

/// <summary>A dataset of pictures. Training pictures without labels follow those with labels.</summary>
/// <param name="Description">The source and how it was split, for logs and reports.</param>
/// <param name="ClassNames">Names by class index (folder names, WordNet ids).</param>
/// <param name="Train">Training samples.</param>
/// <param name="Validation">Validation samples.</param>
/// <param name="Test">Test samples.</param>
public sealed record ImageDataset(string Description, IReadOnlyList<string> ClassNames, ImageSplit Train, ImageSplit Validation, ImageSplit Test)
{
    /// <summary>The dataset without its training pictures that have no label; it shares the decoded pictures.</summary>
    public ImageDataset Labeled => LabeledPart ?? this;

    internal ImageDataset? LabeledPart { get; init; }

    /// <summary>Whether no picture has a label of its own: validation and test pictures get those that the teacher chooses.</summary>
    public bool IsLabeledByTeacher { get; init; }

    /// <summary>Labels validation and test pictures.</summary>
    /// <param name="classes">The teacher's class names.</param>
    /// <param name="validation">Its choice for each validation picture, an index of a class.</param>
    /// <param name="test">Its choice for each test picture.</param>
    public ImageDataset LabelByTeacher(IReadOnlyList<string> classes, IReadOnlyList<int> validation, IReadOnlyList<int> test) =>
        this with
        {
            Description = $"{Description}; {classes.Count} classes of the teacher, whose choices count as right",
            ClassNames = classes,
            Validation = Validation.Relabel(validation),
            Test = Test.Relabel(test),
        };

    /// <summary>All three splits.</summary>
    public IEnumerable<ImageSplit> Splits => [Train, Validation, Test];

    /// <summary>Returns the name of the class of a training picture.</summary>
    public string ClassOf(int sample) => Train.Labels[sample] is var label and not ImageItem.Unlabeled ? ClassNames[label] : "no label";

    /// <summary>
    /// Computes a checksum of the class names and samples (name, class, order). It is equal if the indices mean the same pictures; the pictures'
    /// content is not read.
    /// </summary>
    public string Checksum()
    {
        var hash = new XxHash128();
        foreach (var name in ClassNames)
            Append(name, -1);
        foreach (var split in Splits)
        {
            Append(split.Name, split.Count);
            foreach (var item in split.Items)
                Append(item.Name, item.Label);
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());

        void Append(string name, int number)
        {
            hash.Append(Encoding.UTF8.GetBytes(name));
            hash.Append(BitConverter.GetBytes(number));
        }
    }
}
