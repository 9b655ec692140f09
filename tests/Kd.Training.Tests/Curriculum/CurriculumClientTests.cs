using Kd.Protocol.Curriculum.V1;
using Kd.Tests;
using Kd.Training.Curriculum;
using Kd.Training.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.Training.Tests.Curriculum;

/// <summary>Against a real agent, whose connection breaks.</summary>
public sealed class CurriculumClientTests
{
    private readonly CancellationToken _test = TestContext.Current.CancellationToken;

    [Fact]
    public async Task ReportAsync_AgentIsUnavailable_WaitsForItsAnswer()
    {
        using var folder = TestFiles.CreateFolder();
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        using var proxy = new TcpProxy([agent.Grpc.Port]);
        await using var trainer = TrainerRuns.Build(folder.Path, "run", $"--AgentClient:Address=http://127.0.0.1:{proxy.Port}");
        var client = trainer.Services.GetRequiredService<CurriculumClient>();
        await client.StartAsync(Start("run"), _test);
        proxy.Cut();

        var report = client.ReportAsync(Report("run", 0), _test);
        await Task.Delay(1000, _test);
        Assert.False(report.IsCompleted);
        proxy.Mend();

        var answer = await report.WaitAsync(TimeSpan.FromSeconds(30), _test);
        Assert.Equal(answer, await client.ReportAsync(Report("run", 0), _test));
    }

    [Fact]
    public async Task ReportAsync_AfterARunWhoseReportWasRefused_IsTaken()
    {
        using var folder = TestFiles.CreateFolder();
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        await using var trainer = TrainerRuns.Build(folder.Path, "run", $"--AgentClient:Address={agent.Grpc}");
        var client = trainer.Services.GetRequiredService<CurriculumClient>();
        await client.StartAsync(Start("diverged"), _test);
        var report = Report("diverged", 0);
        report.Loss = double.NaN;
        await Assert.ThrowsAsync<TrainingException>(() => client.ReportAsync(report, _test));

        await client.StartAsync(Start("next"), _test);
        Assert.NotNull(await client.ReportAsync(Report("next", 0), _test));
    }

    [Fact]
    public async Task StartAsync_AgentIsUnavailable_WaitsForIt()
    {
        using var folder = TestFiles.CreateFolder();
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        using var proxy = new TcpProxy([agent.Grpc.Port]);
        await using var trainer = TrainerRuns.Build(folder.Path, "run", $"--AgentClient:Address=http://127.0.0.1:{proxy.Port}");
        var client = trainer.Services.GetRequiredService<CurriculumClient>();
        proxy.Cut();

        var start = client.StartAsync(Start("run"), _test);
        await Task.Delay(1000, _test);
        Assert.False(start.IsCompleted);
        proxy.Mend();

        Assert.Equal(Strategy.EasyToHard, (await start.WaitAsync(TimeSpan.FromSeconds(30), _test)).Strategy);
    }

    private static StartRunRequest Start(string id) =>
        new()
        {
            RunId = id,
            Epochs = 5,
            InitialTemperature = 4,
            Strategy = Strategy.EasyToHard,
            EpochRatio = 0.7,
            Seed = 1,
        };

    private static ReportEpochRequest Report(string id, int epoch) =>
        new()
        {
            RunId = id,
            Epoch = epoch,
            Accuracy = 10,
            Loss = 1,
            Difficulty = 0.5,
        };
}
