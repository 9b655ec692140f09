extern alias teacher;
using Kd.Tests;
using Kd.Training.Diagnostics;
using Kd.Training.Tasks;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;
using LogitsCodec = teacher::Kd.TeacherService.Cache.LogitsCodec;
using PassRunner = teacher::Kd.TeacherService.Batching.PassRunner;
using TeacherHost = teacher::Kd.TeacherService.Hosting.TeacherHost;

namespace Kd.Training.Tests.Tasks;

[Collection(nameof(OneTrainer))]
public sealed class LabelingTests
{
    // 24 classes: 6 training images in 2 views each and 4 test images. Small pictures have few crops, so that a view can come up twice.
    private const int Views = 24 * (6 * 2 + 4);

    [Fact]
    public async Task Label_WholeDataset_LeavesNothingToComputeForTraining()
    {
        using var folder = TestFiles.CreateFolder();
        using var redis = RedisServer.Start("garnet");
        await using var teacher = await StartTeacherAsync(redis);

        var (exitCode, output) = await RunAsync(folder, "label", teacher);
        var computed = Computed(teacher);
        var (again, secondOutput) = await RunAsync(folder, "label", teacher);
        Assert.Equal(
            0,
            await TrainerRuns.RunAsync(folder.Path, "run", "--Run:Study=false", "--Distillation:Method=kd", $"--TeacherClient:Address={teacher.Grpc}")
        );

        Assert.Equal((0, 0), (exitCode, again));
        Assert.Contains($"labeled {Views} views: ", output);
        Assert.InRange(computed, Views - 20, Views);
        Assert.Contains($"labeled {Views} views: 0 computed now", secondOutput);
        Assert.Equal(computed, Computed(teacher));
    }

    [Fact]
    public async Task Label_TwoAtOnce_ShareTheWork()
    {
        using var folder = TestFiles.CreateFolder();
        using var redis = RedisServer.Start("garnet");
        await using var first = await StartTeacherAsync(redis);
        await using var second = await StartTeacherAsync(redis);
        string[] more = ["--Views:PerSample=8", "--TeacherClient:CallSize=16", "--Run:Prefetch=1"];
        const int views = 24 * (6 * 8 + 4);

        var results = await Task.WhenAll(RunAsync(folder, "label", first, more), RunAsync(folder, "label", second, more));

        Assert.All(results, result => Assert.Equal(0, result.ExitCode));
        // What both did at the very same moment is done twice; the rest once.
        Assert.InRange(Computed(first) + Computed(second), views - 60, views + views / 4);
        Assert.Contains("0 computed now", (await RunAsync(folder, "label", first, more)).Output);
    }

    [Fact]
    public async Task Label_Stopped_GoesOnWhereItWas()
    {
        using var folder = TestFiles.CreateFolder();
        using var redis = RedisServer.Start("garnet");
        await using var teacher = await StartTeacherAsync(redis);
        string[] more = ["--Views:PerSample=8", "--TeacherClient:CallSize=16", "--Run:Prefetch=1"];
        const int views = 24 * (6 * 8 + 4);
        using var stop = new CancellationTokenSource();
        var running = TrainerRuns.RunAsync(folder.Path, "label", stop.Token, ["--Run:Task=label", $"--TeacherClient:Address={teacher.Grpc}", .. more]);
        while (Computed(teacher) < 100)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await running;
        var before = Computed(teacher);

        var (exitCode, _) = await RunAsync(folder, "label", teacher, more);

        Assert.Equal(0, exitCode);
        Assert.InRange(before, 100, views - 100);
        // A call may have been cancelled after it was computed and before it was stored.
        Assert.InRange(Computed(teacher), views - 60, views + 32);
    }

    [Fact]
    public async Task Label_FreshViewsEveryEpoch_IsRefusedWithAdvice()
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync();

        var (exitCode, output) = await RunAsync(folder, "label", teacher, "--Views:PerSample=0");

        Assert.Equal(2, exitCode);
        Assert.Contains("Views:PerSample is 0", output);
    }

    [Fact]
    public async Task Verify_StoredEntries_FindsTheWrongOne()
    {
        using var folder = TestFiles.CreateFolder();
        using var redis = RedisServer.Start("garnet");
        await using var teacher = await StartTeacherAsync(redis);
        await RunAsync(folder, "label", teacher);
        var (exitCode, output) = await RunAsync(folder, "verify", teacher);
        Assert.Equal(0, exitCode);
        Assert.Contains($"verified {Views} views: {Views} identical to the bit, 0 within 0.02 standard deviations, 0 wrong, 0 not stored", output);

        await using var connection = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{redis.Port}");
        var (codec, keys) = (new LogitsCodec(teacher.Services.GetRequiredService<TeacherHost>().Model!.Description.Id, 24), Keys(connection));
        await WriteWrongAsync(connection, codec, keys[0]);
        await connection.GetDatabase().KeyDeleteAsync(keys[1]);
        (exitCode, output) = await RunAsync(folder, "verify", teacher);

        Assert.Equal(2, exitCode);
        Assert.Matches("Stored logits are wrong: .* [1-3] wrong, [1-3] not stored", output);
    }

    [Fact]
    public void Compare_Rows_TellsSameCloseAndWrong()
    {
        float[] row = [1, 2, 3, 4];
        Assert.Equal((1, 0), Counts(StoreVerifier.Compare(row, row)));
        Assert.Equal((0, 0), Counts(StoreVerifier.Compare([1, 2, 3, 4.01f], row)));
        Assert.Equal((0, 1), Counts(StoreVerifier.Compare([1, 2, 3, 4.1f], row)));
        Assert.Equal((0, 1), Counts(StoreVerifier.Compare([1, 2, 3, float.NaN], row)));
        Assert.Throws<TrainingException>(() => new Verification(10, 2, 5, 1, 0.5).Summarize());

        static (long Same, long Wrong) Counts(Verification found) => (found.Same, found.Wrong);
    }

    private static Task<RunningService> StartTeacherAsync(RedisServer redis) =>
        TrainerRuns.StartTeacherAsync($"--ConnectionStrings:cache=127.0.0.1:{redis.Port}");

    private static Task<(int ExitCode, string Output)> RunAsync(TemporaryFolder folder, string task, RunningService teacher, params string[] more) =>
        TrainerRuns.RunAsync(folder.Path, task, CancellationToken.None, [$"--Run:Task={task}", $"--TeacherClient:Address={teacher.Grpc}", .. more]);

    private static long Computed(RunningService teacher) => teacher.Services.GetRequiredService<PassRunner>().Computed;

    private static RedisKey[] Keys(ConnectionMultiplexer connection) =>
        [.. connection.GetServers()[0].Keys(pattern: "kd:v1:*").OrderBy(key => key.ToString(), StringComparer.Ordinal)];

    // A whole entry with a right checksum, but of other logits.
    private static async Task WriteWrongAsync(ConnectionMultiplexer connection, LogitsCodec codec, RedisKey key)
    {
        var view = new Vision.Views.ViewId(UInt128.Parse(key.ToString().Split(':')[^1], System.Globalization.NumberStyles.HexNumber, null));
        await connection.GetDatabase().StringSetAsync(key, codec.Encode(view, [.. Enumerable.Range(0, 24).Select(c => (Half)c)]));
    }
}
