using Kd.Tests;
using Kd.Training.Teaching;
using Kd.Vision.Datasets;
using Kd.Vision.Views;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.Training.Tests.Teaching;

[Collection(nameof(OneTrainer))]
public sealed class TeacherClientTests
{
    // 30 MB is Kestrel's own limit, 64 MiB the limit of a message.
    [Theory]
    [InlineData(224, 256)]
    [InlineData(419, 128)]
    [InlineData(512, 128)]
    [InlineData(1024, 24)]
    public async Task GetLogits_PixelsBeyondAMessage_AreSentInSeveralCalls(int size, int views)
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartFastTeacherAsync("--Batching:MaxBatch=4");
        await using var trainer = TrainerRuns.Build(
            folder.Path,
            "run",
            "--Distillation:Method=kd",
            "--TeacherClient:CallSize=256",
            $"--TeacherClient:Address={teacher.Grpc}"
        );
        var client = trainer.Services.GetRequiredService<TeacherGroup>().Teachers[0];
        var classes = DatasetLoader.ReadClassNames("demo");
        await client.DescribeAsync(classes, TestContext.Current.CancellationToken);
        var bytes = ViewRenderer.ByteCount(size);
        var pixels = new byte[views * bytes];
        for (var i = 0; i < views; i++)
            pixels.AsSpan(i * bytes, bytes).Fill((byte)i);

        var logits = await client.GetLogitsAsync(
            [.. Enumerable.Range(1, views).Select(id => new ViewId((ulong)id))],
            pixels,
            size,
            TestContext.Current.CancellationToken
        );

        Assert.Equal(views * classes.Count, logits.Length);
        // A brighter picture has larger logits, so each row is its own picture's.
        var firsts = Enumerable.Range(0, views).Select(i => logits[i * classes.Count]).ToList();
        Assert.Equal(firsts.Order(), firsts);
        Assert.Equal(views, firsts.Distinct().Count());
        Assert.Equal(views, client.Usage.Computed);
    }

    // This wakes a scaler where no replica exists that could report a queue.
    [Fact]
    public async Task WaitingViews_WhileNoTeacherExists_IsAboveZero()
    {
        using var folder = TestFiles.CreateFolder();
        await using var trainer = TrainerRuns.Build(
            folder.Path,
            "run",
            "--Distillation:Method=kd",
            $"--TeacherClient:Address=http://127.0.0.1:{RunningService.FreePort()}"
        );
        var client = trainer.Services.GetRequiredService<TeacherGroup>().Teachers[0];
        Assert.Equal(0, client.WaitingViews);
        using var stop = new CancellationTokenSource();

        var described = client.DescribeAsync(DatasetLoader.ReadClassNames("demo"), stop.Token);

        while (client.WaitingViews == 0)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.False(described.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => described);
    }

    // 40 passes of 100 ms do not fit into a deadline of a second: each attempt has to begin where the one before ended.
    [Fact]
    public async Task GetLogits_TeacherSlowerThanTheDeadline_GetsThemAllTheSame()
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartMeanTeacherAsync(TimeSpan.FromMilliseconds(100), "--Batching:MaxBatch=1");
        await using var trainer = TrainerRuns.Build(
            folder.Path,
            "run",
            "--Distillation:Method=kd",
            "--TeacherClient:Timeout=00:00:01",
            $"--TeacherClient:Address={teacher.Grpc}"
        );
        var client = trainer.Services.GetRequiredService<TeacherGroup>().Teachers[0];
        var classes = DatasetLoader.ReadClassNames("demo");
        await client.DescribeAsync(classes, TestContext.Current.CancellationToken);
        const int views = 40;
        var pixels = new byte[views * ViewRenderer.ByteCount(8)];
        for (var i = 0; i < views; i++)
            pixels.AsSpan(i * ViewRenderer.ByteCount(8), ViewRenderer.ByteCount(8)).Fill((byte)(5 * i));

        var logits = await client
            .GetLogitsAsync([.. Enumerable.Range(1, views).Select(id => new ViewId((ulong)id))], pixels, 8, TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

        var firsts = Enumerable.Range(0, views).Select(i => logits[i * classes.Count]).ToList();
        Assert.Equal(firsts.Order(), firsts);
        Assert.Equal(views, firsts.Distinct().Count());
    }
}
