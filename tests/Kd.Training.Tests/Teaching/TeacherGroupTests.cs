using Kd.Tests;
using Kd.Training.Diagnostics;
using Kd.Training.Teaching;
using Kd.Vision.Datasets;
using Kd.Vision.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.Training.Tests.Teaching;

[Collection(nameof(OneTrainer))]
public sealed class TeacherGroupTests
{
    private const int Views = 2,
        Size = 8;
    private static readonly TimeSpan s_long = TimeSpan.FromSeconds(60);
    private static ulong s_lastView;

    [Fact]
    public async Task GetLogits_GoOnWhileTeachersComeAndGo_HasThoseThatArePresent()
    {
        using var folder = TestFiles.CreateFolder();
        await using var one = await TrainerRuns.StartFastTeacherAsync();
        await using var other = await TrainerRuns.StartFastTeacherAsync();
        using var first = new TcpProxy([one.Grpc.Port]);
        using var second = new TcpProxy([other.Grpc.Port]);
        await using var trainer = BuildThatGoesOn(folder, first, second);
        var group = await DescribeAsync(trainer);
        Assert.Equal("01", Present(await AskAsync(group)));

        second.Cut();
        Assert.Equal("0-", Present(await AskAsync(group)));
        Assert.Equal("0-", Present(await AskAsync(group)));
        Assert.Equal(2 * Views, group.Usage.Incomplete);

        // With none present it waits, whichever returns.
        first.Cut();
        var waiting = AskAsync(group);
        await Task.Delay(1500, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        second.Mend();
        Assert.Equal("-1", Present(await waiting.WaitAsync(s_long, TestContext.Current.CancellationToken)));

        first.Mend();
        for (var since = TimeProvider.System.GetTimestamp(); Present(await AskAsync(group)) != "01"; )
            Assert.True(TimeProvider.System.GetElapsedTime(since) < s_long);
    }

    // A study's rows of the teachers need the answers of all.
    [Fact]
    public async Task GetLogits_AllAreNeeded_WaitsEvenIfItMayGoOn()
    {
        using var folder = TestFiles.CreateFolder();
        await using var one = await TrainerRuns.StartFastTeacherAsync();
        using var staying = new TcpProxy([one.Grpc.Port]);
        using var leaving = new TcpProxy([one.Grpc.Port]);
        await using var trainer = BuildThatGoesOn(folder, staying, leaving);
        var group = await DescribeAsync(trainer);

        leaving.Cut();
        var waiting = AskAsync(group, needsAll: true);
        await Task.Delay(1000, TestContext.Current.CancellationToken);
        Assert.False(waiting.IsCompleted);
        leaving.Mend();

        Assert.Equal("01", Present(await waiting.WaitAsync(s_long, TestContext.Current.CancellationToken)));
        Assert.Equal(0, group.Usage.Incomplete);
    }

    [Fact]
    public async Task Describe_OneHasOtherClasses_NamesItsAddress()
    {
        using var folder = TestFiles.CreateFolder();
        SmallDataset.Write(folder, "ant", 1);
        SmallDataset.Write(folder, "bee", 1);
        await using var one = await TrainerRuns.StartTeacherAsync();
        await using var other = await TrainerRuns.StartTeacherAsync($"--Dataset:Path={folder.Path}");
        await using var trainer = TrainerRuns.Build(folder.Path, "run", $"--TeacherClient:Address={one.Grpc}|{other.Grpc}");

        var error = await Assert.ThrowsAsync<TrainingException>(() => DescribeAsync(trainer));

        Assert.Contains($"The teacher at {other.Grpc} serves the classes ant, bee, ... (2); the dataset has disc, ", error.Message);
    }

    private static WebApplication BuildThatGoesOn(TemporaryFolder folder, TcpProxy first, TcpProxy second) =>
        TrainerRuns.Build(
            folder.Path,
            "run",
            "--TeacherClient:WhenAway=GoOn",
            "--TeacherClient:AwayAfter=00:00:00.3",
            $"--TeacherClient:Address=http://127.0.0.1:{first.Port}|http://127.0.0.1:{second.Port}"
        );

    private static async Task<TeacherGroup> DescribeAsync(WebApplication trainer)
    {
        var group = trainer.Services.GetRequiredService<TeacherGroup>();
        await group.DescribeAsync(DatasetLoader.ReadClassNames("demo"), TestContext.Current.CancellationToken);
        return group;
    }

    private static Task<TeacherAnswers> AskAsync(TeacherGroup group, bool needsAll = false) =>
        group.GetLogitsAsync(
            new TeacherQuestion(
                [.. Enumerable.Range(0, Views).Select(_ => new ViewId(Interlocked.Increment(ref s_lastView)))],
                new byte[Views * ViewRenderer.ByteCount(Size)],
                Size,
                [0.5, 0.5]
            )
            {
                NeedsAll = needsAll,
            },
            TestContext.Current.CancellationToken
        );

    private static string Present(TeacherAnswers answers) => (answers.Of(0) is null ? "-" : "0") + (answers.Of(1) is null ? "-" : "1");
}
