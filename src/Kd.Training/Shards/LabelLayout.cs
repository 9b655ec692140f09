using System.IO.Hashing;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text;
using Kd.Protocol.Teacher.V1;
using Kd.Training.Diagnostics;
using Kd.Vision.Distillation;
using Kd.Vision.Views;

namespace Kd.Training.Shards;

/// <summary>The teacher of label shards, and how the label of a view is encoded.</summary>
/// <remarks>
/// A label is, little-endian, all C logits as float16 (2 C bytes); or, with the k largest only, k classes as int32, k logits and the logit of the other
/// classes as float16 (6 k + 2 bytes), as <see cref="TopLogits"/> selects them.
/// </remarks>
internal sealed class LabelLayout
{
    private readonly byte[] _teacherId;

    /// <param name="teacher">The teacher, with the classes in the order of the logits.</param>
    /// <param name="top">k; 0, or at least C: all.</param>
    public LabelLayout(DescribeReply teacher, int top)
    {
        (Teacher, Top) = (teacher, top >= teacher.Classes.Count ? 0 : top);
        _teacherId = Encoding.UTF8.GetBytes(teacher.TeacherId);
    }

    /// <summary>The teacher, with the classes in the order of the logits.</summary>
    public DescribeReply Teacher { get; }

    /// <summary>k; 0: all logits.</summary>
    public int Top { get; }

    /// <summary>Number of classes, C.</summary>
    public int Classes => Teacher.Classes.Count;

    /// <summary>Number of logits that are stored for a view.</summary>
    public int Values => Top > 0 ? Top : Classes;

    /// <summary>Size of a label, bytes.</summary>
    public int Size => Top > 0 ? 6 * Top + 2 : 2 * Classes;

    /// <summary>Encodes the label of a view.</summary>
    /// <param name="logits">Its C logits, values of float16.</param>
    /// <param name="label">Receives <see cref="Size"/> bytes.</param>
    public void Encode(ReadOnlySpan<float> logits, Span<byte> label)
    {
        var halves = new Half[Classes];
        TensorPrimitives.ConvertToHalf(logits, halves);
        if (Top == 0)
            MemoryMarshal.AsBytes(halves.AsSpan()).CopyTo(label);
        else
            RestOf(label) = TopLogits.Select(halves, ClassesOf(label), LogitsOf(label));
    }

    /// <summary>Decodes the label of a view.</summary>
    /// <param name="label">The label.</param>
    /// <param name="logits">Receives C logits.</param>
    /// <returns>False if the label has a class that is not below C.</returns>
    public bool TryDecode(Span<byte> label, Span<float> logits)
    {
        if (Top == 0)
        {
            TensorPrimitives.ConvertToSingle(LogitsOf(label), logits);
            return true;
        }

        var halves = new Half[Classes];
        var isWhole = TopLogits.TryExpand(ClassesOf(label), LogitsOf(label), RestOf(label), halves);
        TensorPrimitives.ConvertToSingle(halves, logits);
        return isWhole;
    }

    /// <summary>The classes in a label with the k largest logits, largest first.</summary>
    public Span<int> ClassesOf(Span<byte> label) => MemoryMarshal.Cast<byte, int>(label[..(4 * Top)]);

    /// <summary>The logits in a label.</summary>
    public Span<Half> LogitsOf(Span<byte> label) => MemoryMarshal.Cast<byte, Half>(label.Slice(4 * Top, 2 * Values));

    /// <summary>The logit of the other classes in a label with the k largest logits.</summary>
    public ref Half RestOf(Span<byte> label) => ref MemoryMarshal.Cast<byte, Half>(label[(6 * Top)..])[0];

    /// <summary>Computes the checksum of a label: XxHash3 (64 bits) of teacher id, view id as 32 hexadecimal digits, and label.</summary>
    public long Checksum(ViewId view, ReadOnlySpan<byte> label)
    {
        var hash = new XxHash3();
        hash.Append(_teacherId);
        hash.Append(Encoding.ASCII.GetBytes(view.ToString()));
        hash.Append(label);
        return (long)hash.GetCurrentHashAsUInt64();
    }

    /// <summary>Requires that another file has the same teacher, classes and number of logits.</summary>
    /// <param name="path">The file with this layout.</param>
    /// <param name="otherLayout">The other layout.</param>
    /// <param name="other">What has it, for the message, with a verb.</param>
    /// <param name="advice">What to do if they differ.</param>
    /// <exception cref="TrainingException">They differ.</exception>
    public void RequireSame(string path, LabelLayout otherLayout, string other, string advice)
    {
        var (mine, its) = (Teacher, otherLayout.Teacher);
        if (mine.TeacherId != its.TeacherId)
            throw Differ($"the teacher {mine.TeacherId}", $"the teacher {its.TeacherId}");
        if (!mine.Classes.SequenceEqual(its.Classes))
        {
            var at = mine.Classes.Zip(its.Classes).TakeWhile(pair => pair.First == pair.Second).Count();
            throw Differ(Name(mine.Classes, at), Name(its.Classes, at));
        }

        if (Top != otherLayout.Top)
            throw Differ(NameTop(Top), NameTop(otherLayout.Top));

        TrainingException Differ(string mine, string its) => new($"'{path}' has labels of {mine}, but {other} those of {its}. {advice}");

        static string Name(IList<string> classes, int at) => $"{classes.Count} classes{(at < classes.Count ? $" with {classes[at]} as number {at}" : "")}";

        static string NameTop(int top) => top == 0 ? "all classes" : $"the top {top} classes";
    }
}
