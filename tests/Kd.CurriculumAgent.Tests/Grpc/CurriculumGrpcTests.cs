using System.Globalization;
using Grpc.Core;
using Kd.CurriculumAgent.Hosting;
using Kd.Protocol.Curriculum.V1;
using Kd.Tests;

namespace Kd.CurriculumAgent.Tests.Grpc;

public sealed class CurriculumGrpcTests
{
    [Theory]
    [InlineData("RunId", "\"../x\"", "run_id is '../x'")]
    [InlineData("Epochs", "0", "epochs is 0")]
    [InlineData("InitialTemperature", "9", "initial_temperature is 9")]
    [InlineData("EpochRatio", "\"NaN\"", "epoch_ratio is NaN")]
    [InlineData("Strategy", "0", "strategy is Unspecified")]
    public async Task StartRun_WrongValue_IsInvalidArgumentWithTheValue(string field, string value, string expected)
    {
        using var folder = TestFiles.CreateFolder();
        await using var agent = await StartAsync(folder);
        using var channel = agent.Open();
        var request = Start();
        var property = typeof(StartRunRequest).GetProperty(field)!;
        property.SetValue(request, System.Text.Json.JsonSerializer.Deserialize(value, property.PropertyType, s_json));
        var error = await Assert.ThrowsAsync<RpcException>(async () => await new Curriculum.CurriculumClient(channel).StartRunAsync(request));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains(expected, error.Status.Detail);
    }

    [Fact]
    public async Task ReportEpoch_RepeatedAlsoAfterARestart_GivesTheSameAnswer()
    {
        using var folder = TestFiles.CreateFolder();
        var report = Report(epoch: 0, accuracy: 61, loss: 1.5);
        ReportEpochReply first,
            repeated,
            restarted,
            other;
        await using (var agent = await StartAsync(folder))
        {
            using var channel = agent.Open();
            var client = new Curriculum.CurriculumClient(channel);
            await client.StartRunAsync(Start());
            first = await client.ReportEpochAsync(report);
            repeated = await client.ReportEpochAsync(report);
        }

        await using (var agent = await StartAsync(folder))
        {
            using var channel = agent.Open();
            var client = new Curriculum.CurriculumClient(channel);
            restarted = await client.ReportEpochAsync(report);
            other = await client.ReportEpochAsync(Report(epoch: 1, accuracy: 64, loss: 1.25));
        }

        Assert.Equal(first, repeated);
        Assert.Equal(first, restarted);
        Assert.Equal(2, first.Reward.Early, 1e-9);
        // 2 (64 - 61) for the rise of accuracy; the loss fell; epoch 2 of 10 is early.
        Assert.Equal(
            (6.0, 0.0, 2.0, 0.0, 8.0),
            (other.Reward.AccuracyChange, other.Reward.LossRise, other.Reward.Early, other.Reward.Level, other.Reward.Total)
        );
    }

    [Fact]
    public async Task ReportEpoch_UnknownRun_IsNotFoundWithItsName()
    {
        using var folder = TestFiles.CreateFolder();
        await using var agent = await StartAsync(folder);
        using var channel = agent.Open();
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await new Curriculum.CurriculumClient(channel).ReportEpochAsync(new ReportEpochRequest { RunId = "nobody" })
        );
        Assert.Equal(StatusCode.NotFound, error.StatusCode);
        Assert.Contains("nobody", error.Status.Detail);
    }

    [Fact]
    public async Task StartRun_SeveralRunsAtOnce_AreIsolated()
    {
        using var folder = TestFiles.CreateFolder();
        await using var agent = await StartAsync(folder);
        using var channel = agent.Open();
        var client = new Curriculum.CurriculumClient(channel);
        var alone = await Targets("alone");

        var together = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() => Targets($"run-{i}"))));

        Assert.All(together, targets => Assert.Equal(alone, targets));

        async Task<List<Target>> Targets(string name)
        {
            var request = Start();
            request.RunId = name;
            var targets = new List<Target> { (await client.StartRunAsync(request)).Target };
            for (var epoch = 0; epoch < 9; epoch++)
                targets.Add((await client.ReportEpochAsync(Report(epoch, 40 + epoch, loss: 2, name))).Target);
            return targets;
        }
    }

    [Theory]
    [InlineData(99, 0.0, 0.0, "", "policy is 99")]
    [InlineData(2, 0.0, 0.0, "", "policy is 2")]
    [InlineData(5, 1.5, 0.0, "", "threshold is 1.5")]
    [InlineData(7, 0.0, 1.0, "", "prune_probability is 1")]
    [InlineData(3, 0.0, 0.0, "0.5,0.75", "sizes is 0.5, 0.75, expected two or more numbers above 0 that ascend to 1")]
    [InlineData(8, 0.0, 0.0, "0.5,1", "policy is None, expected Ppo, Bandit or RandomAction")]
    public async Task StartRun_WrongPolicySettings_IsInvalidArgumentWithTheValue(int policy, double threshold, double prune, string sizes, string expected)
    {
        using var folder = TestFiles.CreateFolder();
        await using var agent = await StartAsync(folder);
        using var channel = agent.Open();
        var request = Start();
        request.Policy = new PolicySettings
        {
            Policy = (Policy)policy,
            Threshold = threshold,
            PruneProbability = prune,
        };
        request.Sizes.AddRange(sizes.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(size => double.Parse(size, CultureInfo.InvariantCulture)));
        var error = await Assert.ThrowsAsync<RpcException>(async () => await new Curriculum.CurriculumClient(channel).StartRunAsync(request));
        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains(expected, error.Status.Detail);
    }

    [Theory]
    [InlineData(0.0, 1.0, 1.0, StatusCode.InvalidArgument, "probe.loss_before and loss_after are 0 and 1")]
    [InlineData(2.0, 1.0, 0.0, StatusCode.InvalidArgument, "probe.cost is 0")]
    [InlineData(-1.0, 0.0, 0.0, StatusCode.FailedPrecondition, "lacks the probe")]
    public async Task ReportEpoch_RunWithSizesAndWrongProbe_SaysWhatIsWrong(double before, double after, double cost, StatusCode code, string expected)
    {
        using var folder = TestFiles.CreateFolder();
        await using var agent = await StartAsync(folder);
        using var channel = agent.Open();
        var client = new Curriculum.CurriculumClient(channel);
        var request = Start();
        request.Policy = new PolicySettings { Policy = Policy.Bandit };
        request.Sizes.AddRange([0.5, 1]);
        var target = (await client.StartRunAsync(request)).Target;
        Assert.Contains(target.Size, new[] { 0.5, 1 });
        var report = Report(0, 0, 2);
        if (before >= 0)
            report.Probe = new Probe
            {
                LossBefore = before,
                LossAfter = after,
                Updates = 32,
                Cost = cost,
            };

        var error = await Assert.ThrowsAsync<RpcException>(async () => await client.ReportEpochAsync(report));

        Assert.Equal(code, error.StatusCode);
        Assert.Contains(expected, error.Status.Detail);
    }

    private static readonly System.Text.Json.JsonSerializerOptions s_json = new()
    {
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private static StartRunRequest Start() =>
        new()
        {
            RunId = "run",
            Epochs = 10,
            InitialTemperature = 4,
            Strategy = Strategy.EasyToHard,
            EpochRatio = 0.7,
            Seed = 1,
        };

    private static ReportEpochRequest Report(int epoch, double accuracy, double loss, string run = "run") =>
        new()
        {
            RunId = run,
            Epoch = epoch,
            Accuracy = accuracy,
            Loss = loss,
            Difficulty = 0.4,
        };

    private static Task<RunningService> StartAsync(TemporaryFolder folder) =>
        RunningService.StartAsync(CurriculumExtensions.BuildCurriculumAgent, $"--Agent:StateFolder={folder.File("agent")}");
}
