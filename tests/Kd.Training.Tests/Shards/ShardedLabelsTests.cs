using System.Buffers.Binary;
using Kd.Settings;
using Kd.Tests;
using Kd.Training.Configuration;
using Kd.Training.Diagnostics;
using Kd.Training.Shards;
using Kd.Training.Teaching;
using Kd.Vision.Distillation;
using Kd.Vision.Runtime;
using Kd.Vision.Views;
using static TorchSharp.torch;

namespace Kd.Training.Tests.Shards;

public sealed class ShardedLabelsTests
{
    private const int Classes = 7;

    [Fact]
    public async Task GetLogits_ViewsOfSeveralFiles_GivesTheirLogitsInTheDatasetsOrderOfClasses()
    {
        using var folder = TestFiles.CreateFolder();
        var (layout, views) = (LabelFileTests.Layout(0), LabelFileTests.Views(40));
        var labels = LabelFileTests.Labels(layout, views.Length);
        LabelFile.Write(folder.File("labels-0.parquet"), layout, views[..25], labels);
        // Five of them a second time.
        LabelFile.Write(folder.File("labels-1.parquet"), layout, views[20..], labels[(20 * layout.Size)..]);
        using var source = Open(folder);
        await source.DescribeAsync([.. layout.Teacher.Classes.Reverse()], CancellationToken.None);

        var answers = await AskAsync(source, [views[39], views[3], views[24]]);

        Assert.Equal([.. Row(39), .. Row(3), .. Row(24)], answers);
        Assert.Equal((3, 0, 0), (source.Usage.Hits, source.Usage.Computed, source.Usage.Calls));
        Assert.Equal($"labels of 45 views from '{folder.Path}' (files: 2); no teacher is called", source.Summary);

        IEnumerable<float> Row(int view)
        {
            var row = new float[Classes];
            Assert.True(layout.TryDecode(labels.AsSpan(view * layout.Size, layout.Size), row));
            return row.Reverse();
        }
    }

    // Independent numbers: the probabilities by the plain formula, in double precision, from the logits that the teacher had.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(2, 4)]
    [InlineData(6, 3)]
    public async Task GetLogits_TopLogits_GiveTheLossOfTheMassSpreadEvenly(int top, double temperature)
    {
        using var folder = TestFiles.CreateFolder();
        TorchRuntime.EnsureLoaded();
        var (layout, view) = (LabelFileTests.Layout(top), LabelFileTests.Views(1));
        float[] teacher = [0.5f, 3.25f, -1.5f, 2.75f, 0.25f, -2, 1];
        float[] student = [1, 2, 0, -1, 0.5f, 0.25f, -0.75f];
        var label = new byte[layout.Size];
        layout.Encode(teacher, label);
        LabelFile.Write(folder.File("labels.parquet"), layout, view, label);
        using var source = Open(folder);
        var described = await source.DescribeAsync(layout.Teacher.Classes, CancellationToken.None);

        var logits = await AskAsync(source, view);

        Assert.Equal($"the-teacher-top{top}", described[0].TeacherId);
        // At temperature 1: the kept classes have their probabilities, the others share the rest.
        var p = Softmax(Array.ConvertAll(teacher, logit => (double)logit), 1);
        var kept = Enumerable.Range(0, Classes).OrderByDescending(c => teacher[c]).Take(top).ToHashSet();
        var spread = (1 - kept.Sum(c => p[c])) / (Classes - top);
        double[] smoothed = [.. Enumerable.Range(0, Classes).Select(c => kept.Contains(c) ? p[c] : spread)];
        Assert.All(smoothed.Zip(Softmax(Array.ConvertAll(logits, logit => (double)logit), 1)), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
        // At temperature T: probabilities to the power of 1 / T, scaled to the sum 1.
        var powers = smoothed.Select(one => Math.Pow(one, 1 / temperature)).ToList();
        var q = Softmax(Array.ConvertAll(student, logit => (double)logit), temperature);
        var expected = temperature * temperature * powers.Select((power, c) => power / powers.Sum() * Math.Log(power / powers.Sum() / q[c])).Sum();
        using var loss = DistillationLoss.Soft(tensor(student).reshape(1, -1), tensor(logits).reshape(1, -1), temperature);
        Assert.Equal(expected, loss.item<float>(), 2e-3 * expected);
    }

    [Fact]
    public async Task GetLogits_MissingView_NamesBothSidesAndTheSettings()
    {
        using var folder = TestFiles.CreateFolder();
        var (layout, views) = (LabelFileTests.Layout(0), LabelFileTests.Views(12));
        LabelFile.Write(folder.File("labels.parquet"), layout, views[..10], LabelFileTests.Labels(layout, 10));
        using var source = Open(folder);

        var error = await Assert.ThrowsAsync<TrainingException>(() => AskAsync(source, views));

        Assert.Contains(
            $"The run needs the labels of 12 views, of which 2 are not among the 10 of the teacher the-teacher in '{folder.Path}' (Labels:Path), such "
                + $"as {views[10]}. Label them with Run:Task=label, Labels:Write={folder.Path}",
            error.Message
        );
    }

    [Theory]
    [InlineData("another-teacher", 7, 0, "has labels of the teacher the-teacher, but '{1}' has those of the teacher another-teacher.")]
    [InlineData("the-teacher", 5, 0, "has labels of 7 classes with class-5 as number 5, but '{1}' has those of 5 classes.")]
    [InlineData("the-teacher", 7, 3, "has labels of all classes, but '{1}' has those of the top 3 classes.")]
    public async Task Describe_FilesOfDifferentKinds_NamesBoth(string teacher, int classes, int top, string expected)
    {
        using var folder = TestFiles.CreateFolder();
        var (first, second) = (folder.File("labels-0.parquet"), folder.File("labels-1.parquet"));
        foreach (var (path, layout) in new[] { (first, LabelFileTests.Layout(0)), (second, LabelFileTests.Layout(top, teacher, classes)) })
            LabelFile.Write(path, layout, LabelFileTests.Views(4), LabelFileTests.Labels(layout, 4));
        using var source = Open(folder);

        var error = await Assert.ThrowsAsync<TrainingException>(() => source.DescribeAsync([], CancellationToken.None));

        Assert.Equal(
            $"'{first}' {expected.Replace("{1}", second, StringComparison.Ordinal)} Keep the files of one teacher in the folder that Labels:Path names.",
            error.Message
        );
    }

    [Fact]
    public async Task Describe_AnotherDataset_NamesTheClassesOfBoth()
    {
        using var folder = TestFiles.CreateFolder();
        var layout = LabelFileTests.Layout(0);
        LabelFile.Write(folder.File("labels.parquet"), layout, LabelFileTests.Views(4), LabelFileTests.Labels(layout, 4));
        using var source = Open(folder);

        var error = await Assert.ThrowsAsync<TrainingException>(() => source.DescribeAsync(["cat", "dog"], CancellationToken.None));

        Assert.Contains(
            "are of the classes class-0, class-1, class-2, class-3, class-4, ... (7); the dataset has cat, dog, ... (2). Set Dataset:Path",
            error.Message
        );
    }

    [Fact]
    public async Task Describe_ChecksumOfOneViewDamaged_NamesFileAndView()
    {
        using var folder = TestFiles.CreateFolder();
        var (path, layout, view) = (folder.File("labels.parquet"), LabelFileTests.Layout(0), LabelFileTests.Views(1)[0]);
        var label = LabelFileTests.Labels(layout, 1);
        LabelFile.Write(path, layout, [view], label);
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, layout.Checksum(view, label));
        var file = File.ReadAllBytes(path);
        // The first place is the column, the others its statistics.
        file[file.AsSpan().IndexOf(bytes)] ^= 1;
        File.WriteAllBytes(path, file);
        using var source = Open(folder);

        var error = await Assert.ThrowsAsync<TrainingException>(() => source.DescribeAsync([], CancellationToken.None));

        Assert.Contains($"'{path}' cannot be read as a label shard: the checksum of the view {view} is ", error.Message);
        Assert.Contains("If it is damaged, delete it, and run the command that wrote it again", error.Message);
    }

    [Fact]
    public async Task Describe_NoFolderOrNoFiles_SaysSo()
    {
        using var folder = TestFiles.CreateFolder();
        using var absent = Open(folder, folder.File("absent"));
        using var empty = Open(folder);

        Assert.Contains("but there is no such folder", (await Assert.ThrowsAsync<TrainingException>(() => absent.DescribeAsync([], default))).Message);
        Assert.Contains("but no parquet file is in that folder", (await Assert.ThrowsAsync<TrainingException>(() => empty.DescribeAsync([], default))).Message);
    }

    private static ShardedLabels Open(TemporaryFolder folder, string? path = null) =>
        new(
            RunConfiguration.CreateDefault() with
            {
                Labels = new LabelOptions { Path = path ?? folder.Path },
                Run = new RunOptions { Folder = folder.File("runs") },
            }
        );

    private static async Task<float[]> AskAsync(ShardedLabels source, ViewId[] views) =>
        (await source.GetLogitsAsync(new TeacherQuestion(views, default, 0, [1]), CancellationToken.None)).Mean(views.Length);

    private static double[] Softmax(double[] logits, double temperature)
    {
        var powers = Array.ConvertAll(logits, logit => Math.Exp(logit / temperature));
        return Array.ConvertAll(powers, power => power / powers.Sum());
    }
}
