using System.Text.Json;
using Kd.Settings;
using Kd.Tests;
using Kd.Training.Artifacts;
using Kd.Training.Batches;
using Kd.Training.Students;
using Kd.Vision.Datasets;
using Kd.Vision.Imaging;

namespace Kd.Training.Tests.Artifacts;

public sealed class SampleGalleryTests
{
    private const int Size = 8,
        Classes = 24;
    private static readonly ImageDataset s_dataset = DatasetLoader.Load(
        new DatasetOptions
        {
            Path = "demo",
            DemoTrainPerClass = 2,
            DemoValidationPerClass = 1,
        },
        CancellationToken.None
    );

    [Fact]
    public void Write_SeveralBatches_HasTheExtremesOfAllWithGuessesAndPictures()
    {
        using var folder = TestFiles.CreateFolder();
        var gallery = new SampleGallery(s_dataset);
        var all = Enumerable.Range(0, 40).Select(sample => (Sample: sample, Difficulty: (sample * 17 % 40) / 40f)).ToList();
        foreach (var batch in all.Chunk(10))
            Record(gallery, batch);
        using var run = RunFolder.Open(folder.Path);
        gallery.Write(run, 6);

        var written = JsonSerializer.Deserialize<EpochSamples>(File.ReadAllText(folder.File("samples.json")), RunFolder.JsonOptions)!;
        Assert.Equal(6, written.Epoch);
        Assert.Equal(all.OrderByDescending(entry => entry.Difficulty).Take(8).Select(entry => entry.Sample), written.Hardest.Select(sample => sample.Sample));
        Assert.Equal(all.OrderBy(entry => entry.Difficulty).Take(8).Select(entry => entry.Sample), written.Easiest.Select(sample => sample.Sample));
        var first = written.Hardest[0];
        Assert.Equal(s_dataset.ClassNames[s_dataset.Train.Labels[first.Sample]], first.Class);
        Assert.Equal(new[] { 3, 2, 1 }.Select(index => s_dataset.ClassNames[index]), first.Teacher.Select(guess => guess.Class));
        Assert.Equal(new[] { 5, 4, 0 }.Select(index => s_dataset.ClassNames[index]), first.Student.Select(guess => guess.Class));
        Assert.Equal([0.5f, 0.3f, 0.2f], first.Student.Select(guess => guess.Probability));
        var picture = ImageDecoder.Decode(Convert.FromBase64String(first.Picture.Split(',')[1]), "picture");
        Assert.Equal((Size, Size), (picture.Width, picture.Height));
        Assert.Equal([(byte)first.Sample, 100, 200], picture.Pixels[..3].ToArray());
    }

    [Fact]
    public void Write_NextEpochWithoutSamples_LeavesTheFileAndBeginsAnew()
    {
        using var folder = TestFiles.CreateFolder();
        using var run = RunFolder.Open(folder.Path);
        var gallery = new SampleGallery(s_dataset);
        Record(gallery, [(0, 0.9f), (1, 0.1f)]);
        gallery.Write(run, 0);
        gallery.Write(run, 1);
        Assert.Equal(0, JsonSerializer.Deserialize<EpochSamples>(File.ReadAllText(folder.File("samples.json")), RunFolder.JsonOptions)!.Epoch);
        Assert.Equal([0], gallery.Choose([0.5f]));
    }

    [Fact]
    public void Choose_FullOfExtremes_WantsOnlyWhatIsMoreSo()
    {
        var gallery = new SampleGallery(s_dataset);
        Record(gallery, [.. Enumerable.Range(0, 8).Select(sample => (sample, 0.1f)), .. Enumerable.Range(8, 8).Select(sample => (sample, 0.9f))]);
        Assert.Equal([1, 3], gallery.Choose([0.5f, 0.95f, 0.9f, 0.05f, 0.1f]));
    }

    private static void Record(SampleGallery gallery, (int Sample, float Difficulty)[] rows)
    {
        var difficulty = Array.ConvertAll(rows, row => row.Difficulty);
        var chosen = gallery.Choose(difficulty);
        var pixels = rows.SelectMany(row => new[] { (byte)row.Sample, (byte)100, (byte)200 }.SelectMany(value => Enumerable.Repeat(value, Size * Size)))
            .ToArray();
        var teacher = rows.SelectMany(_ => Enumerable.Range(0, Classes).Select(index => index is 1 or 2 or 3 ? (float)index : -9)).ToArray();
        var student = chosen
            .SelectMany(_ =>
                Enumerable
                    .Range(0, Classes)
                    .Select(index =>
                        index switch
                        {
                            5 => 0.5f,
                            4 => 0.3f,
                            0 => 0.2f,
                            _ => 0,
                        }
                    )
            )
            .ToArray();
        var batch = new ReadyBatch
        {
            Samples = [.. rows.Select(row => row.Sample)],
            Labels = new long[rows.Length],
            Pixels = pixels,
            ViewSize = Size,
            TeacherLogits = teacher,
        };
        gallery.Record(batch, new StepResult(0, difficulty, null, default, new ChosenRows(chosen, student)));
    }
}
