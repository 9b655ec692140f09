using System.Diagnostics;
using Kd.Settings;
using Kd.Tests;
using Kd.Training.Batches;
using Kd.Training.Diagnostics;
using Kd.Vision.Datasets;
using Kd.Vision.Imaging;

namespace Kd.Training.Tests.Batches;

public sealed class BatchPipelineTests
{
    [Fact]
    public async Task Run_PlansThrow_ThrowsInsteadOfWaitingForever()
    {
        var dataset = DatasetLoader.Load(new DatasetOptions { DemoTrainPerClass = 2, DemoValidationPerClass = 1 }, CancellationToken.None);
        var pipeline = Source(dataset).Open(dataset.Train);

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
        var pipeline = Source(dataset).Open(dataset.Train);

        var error = Assert.Throws<AggregateException>(() =>
            pipeline.Run([new BatchPlan([.. Enumerable.Range(0, dataset.Train.Count)], 0, NeedsTeacher: false)], (_, _) => { }, CancellationToken.None).Count()
        );

        var problem = Assert.IsType<DatasetException>(error.InnerException);
        Assert.Contains(odd, problem.Message);
        Assert.Contains("40x30 px", problem.Message);
        Assert.Contains("Views:Size", problem.Message);
    }

    [Fact]
    public void Run_ReaderStopsEarly_EndsEachSpanBeforeItReturns()
    {
        var dataset = DatasetLoader.Load(new DatasetOptions { DemoTrainPerClass = 100, DemoValidationPerClass = 1 }, CancellationToken.None);
        var pipeline = Source(dataset).Open(dataset.Train);
        int[] all = [.. Enumerable.Range(0, dataset.Train.Count)];
        using var parent = new Activity("test").Start();
        var (started, stopped) = (0, 0);
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == TrainingTelemetry.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStarted = activity => Interlocked.Add(ref started, activity.TraceId == parent.TraceId ? 1 : 0),
            ActivityStopped = activity => Interlocked.Add(ref stopped, activity.TraceId == parent.TraceId ? 1 : 0),
        };
        ActivitySource.AddActivityListener(listener);

        pipeline
            .Run([new BatchPlan([0], 0, NeedsTeacher: false), .. Enumerable.Repeat(new BatchPlan(all, 0, NeedsTeacher: false), 9)], (_, _) => { }, default)
            .First();

        Assert.NotEqual(0, Volatile.Read(ref started));
        Assert.Equal(Volatile.Read(ref started), Volatile.Read(ref stopped));
    }

    private static BatchSource Source(ImageDataset dataset) =>
        new()
        {
            Dataset = dataset,
            Planner = DatasetLoader.PlanViews(dataset, 0, 1),
            Prefetch = 4,
            Instruments = new TrainingMetrics(new MeterFactory()),
        };
}
