using Kd.StudentTrainer.Batches;
using Kd.Tests;
using Kd.Vision.Datasets;
using Kd.Vision.Imaging;

namespace Kd.StudentTrainer.Tests.Batches;

public sealed class BatchPipelineTests
{
    [Fact]
    public async Task Run_PlansThrow_ThrowsInsteadOfWaitingForever()
    {
        var dataset = DatasetLoader.Load(new DatasetOptions { DemoTrainPerClass = 2, DemoValidationPerClass = 1 }, CancellationToken.None);
        var pipeline = new BatchPipeline(dataset.Train, DatasetLoader.PlanViews(dataset, 0, 1), null, 4);

        var run = Task.Run(() => pipeline.Run(Plans(), (_, _) => { }, CancellationToken.None).Count());

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => run.WaitAsync(TimeSpan.FromSeconds(20)));
        Assert.Equal("the plan is wrong", error.Message);

        static IEnumerable<BatchPlan> Plans()
        {
            yield return new BatchPlan([0, 1], null, NeedsTeacher: false);
            throw new InvalidOperationException("the plan is wrong");
        }
    }

    [Fact]
    public void Run_SmallPicturesOfTwoSizes_NamesTheOneThatDiffers()
    {
        using var folder = TestFiles.CreateFolder();
        SmallDataset.Write(folder, "a", 3);
        SmallDataset.Write(folder, "b", 3);
        var odd = folder.File("train/b/odd.png");
        File.WriteAllBytes(odd, PngFile.Encode(new RgbImage(40, 30, new byte[40 * 30 * 3])));
        var dataset = DatasetLoader.Load(new DatasetOptions { Path = folder.Path }, CancellationToken.None);
        var pipeline = new BatchPipeline(dataset.Train, DatasetLoader.PlanViews(dataset, 0, 1), null, 4);

        var error = Assert.Throws<AggregateException>(() =>
            pipeline.Run([new BatchPlan([.. Enumerable.Range(0, dataset.Train.Count)], 0, NeedsTeacher: false)], (_, _) => { }, CancellationToken.None).Count()
        );

        var problem = Assert.IsType<DatasetException>(error.InnerException);
        Assert.Contains(odd, problem.Message);
        Assert.Contains("40x30 px", problem.Message);
        Assert.Contains("Views:Size", problem.Message);
    }
}

/// <summary>A folder of pictures of 32 px, each of one color.</summary>
internal static class SmallDataset
{
    /// <summary>Writes pictures of a class to all three splits.</summary>
    public static void Write(TemporaryFolder folder, string name, int perSplit)
    {
        foreach (var (index, split) in new[] { "train", "val", "test" }.Index())
        {
            Directory.CreateDirectory(folder.File($"{split}/{name}"));
            for (var i = 0; i < perSplit; i++)
            {
                var pixels = new byte[32 * 32 * 3];
                Array.Fill(pixels, (byte)(name[0] * 7 + 50 * index + i));
                File.WriteAllBytes(folder.File($"{split}/{name}/{i}.png"), PngFile.Encode(new RgbImage(32, 32, pixels)));
            }
        }
    }
}
