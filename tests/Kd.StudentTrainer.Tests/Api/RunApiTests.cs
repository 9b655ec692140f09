using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Kd.Tests;

namespace Kd.StudentTrainer.Tests.Api;

/// <summary>A real trainer process, steered over HTTP while it trains.</summary>
[Collection(nameof(OneTrainer))]
public sealed class RunApiTests
{
    private static readonly string[] s_small = [.. TrainerProcess.Small, "--Distillation:Method=kd-curriculum", "--Training:Epochs=8"];

    [Fact]
    public async Task Pause_Killed_StoppedAndStartedAgain_EndsWithTheSameWeights()
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync();
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        string[] settings = [.. s_small, $"--TeacherClient:Address={teacher.Grpc}", $"--AgentClient:Address={agent.Grpc}"];
        using (var quiet = TrainerProcess.Start(folder.File("quiet"), settings))
            Assert.Equal(0, await quiet.EndAsync());

        using (var first = TrainerProcess.Start(folder.File("steered"), settings))
        {
            await first.UntilAsync(status => status.Epoch >= 2 && status.Step > 0);
            await first.PostAsync("pause");
            var paused = await first.UntilAsync(status => status.Phase == "paused");
            await Task.Delay(500, TestContext.Current.CancellationToken);
            var later = await first.UntilAsync(_ => true);
            // The step that was under way may have ended.
            Assert.InRange(later.Step - paused.Step, 0, 1);
            first.Kill();
        }

        using (var second = TrainerProcess.Start(folder.File("steered"), settings))
        {
            await second.UntilAsync(status => status.Phase == "running");
            await second.PostAsync("stop");
            Assert.Equal(0, await second.EndAsync());
        }

        Assert.False(File.Exists(folder.File("steered/run/result.json")), "it stopped before its end");
        using (var third = TrainerProcess.Start(folder.File("steered"), settings))
            Assert.Equal(0, await third.EndAsync());

        Assert.Equal(File.ReadAllBytes(folder.File("quiet/run/last.safetensors")), File.ReadAllBytes(folder.File("steered/run/last.safetensors")));
    }

    [Fact]
    public async Task SetManual_TwoEpochs_IsInForceForThemAndShownAsSuch()
    {
        using var folder = TestFiles.CreateFolder();
        await using var teacher = await TrainerRuns.StartTeacherAsync();
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        using var trainer = TrainerProcess.Start(
            folder.File("run"),
            [.. s_small, "--Training:Epochs=12", $"--TeacherClient:Address={teacher.Grpc}", $"--AgentClient:Address={agent.Grpc}"]
        );
        await trainer.UntilAsync(status => status.Epoch >= 2);

        var wrong = await trainer.Client.PutAsJsonAsync("api/run/manual", new { temperature = 40, threshold = -1 }, TestContext.Current.CancellationToken);
        var nothing = await trainer.Client.PutAsJsonAsync("api/run/manual", new { epochs = 2 }, TestContext.Current.CancellationToken);
        var right = await trainer.Client.PutAsJsonAsync(
            "api/run/manual",
            new
            {
                temperature = 7.25,
                threshold = 0.4,
                epochs = 2,
            },
            TestContext.Current.CancellationToken
        );
        Assert.Equal(0, await trainer.EndAsync());

        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        var problem = await wrong.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("temperature must be 1 to 20", problem);
        Assert.Contains("threshold must be 0 to 1", problem);
        Assert.Equal(HttpStatusCode.BadRequest, nothing.StatusCode);
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
        var epochs = File.ReadLines(folder.File("run/run/metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        var manual = epochs.Where(epoch => epoch.GetProperty("manual").GetBoolean()).ToList();
        Assert.Equal(2, manual.Count);
        Assert.All(manual, epoch => Assert.Equal((7.25, 0.4), (epoch.GetProperty("temperature").GetDouble(), epoch.GetProperty("threshold").GetDouble())));
        Assert.DoesNotContain(epochs.Except(manual), epoch => epoch.GetProperty("threshold").GetDouble() == 0.4);
    }

    [Fact]
    public async Task Stop_InTheLastEpochOfAStudysRun_StopsBeforeTheNextRun()
    {
        using var folder = TestFiles.CreateFolder();
        string[] settings = [.. s_small, "--Distillation:Method=labels", "--Run:Seeds=2", "--Training:Epochs=1", "--Dataset:DemoTrainPerClass=60"];
        using (var first = TrainerProcess.Start(folder.File("runs"), settings))
        {
            Assert.Equal((1, 2), await first.UntilAsync(status => status.Step > 0) is var status ? (status.Run, status.Runs) : default);
            await first.PostAsync("stop");
            Assert.Equal(0, await first.EndAsync());
        }

        Assert.Equal([1], Seeds());
        using (var second = TrainerProcess.Start(folder.File("runs"), settings))
            Assert.Equal(0, await second.EndAsync());
        Assert.Equal([1, 2], Seeds());

        IEnumerable<int> Seeds() =>
            JsonDocument
                .Parse(File.ReadAllText(folder.File("runs/run/study.json")))
                .RootElement.EnumerateArray()
                .Select(row => row.GetProperty("seed").GetInt32());
    }

    [Fact]
    public async Task Post_FromAPageOfAnotherSite_IsRefused()
    {
        using var folder = TestFiles.CreateFolder();
        using var trainer = TrainerProcess.Start(folder.File("run"), [.. s_small, "--Distillation:Method=labels", "--Training:Epochs=200"]);
        await trainer.UntilAsync(status => status.Phase == "running");

        Assert.Equal(HttpStatusCode.Forbidden, await PauseFrom("https://elsewhere.example"));
        Assert.Equal(HttpStatusCode.Forbidden, await PauseFrom("null"));
        // A name of another site that leads here: origin and host are the same, and still it is not ours.
        Assert.Equal(HttpStatusCode.BadRequest, await PauseFrom("http://elsewhere.example", "elsewhere.example"));
        Assert.Equal("running", (await trainer.UntilAsync(_ => true)).Phase);
        Assert.Equal(HttpStatusCode.OK, await PauseFrom(trainer.Client.BaseAddress!.GetLeftPart(UriPartial.Authority)));
        var description = JsonDocument.Parse(await trainer.Client.GetStringAsync("openapi/v1.json", TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal(
            [
                "/api/run",
                "/api/run/manual",
                "/api/run/messages",
                "/api/run/pause",
                "/api/run/replicas",
                "/api/run/resume",
                "/api/run/stop",
                "/api/run/workers",
                "/api/runs",
                "/api/runs/waiting",
                "/api/runs/waiting/{id}",
                "/api/runs/waiting/{id}/retry",
            ],
            description
                .GetProperty("paths")
                .EnumerateObject()
                .Select(path => path.Name)
                .Where(name => name.StartsWith("/api/run", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
        );
        trainer.Kill();

        async Task<HttpStatusCode> PauseFrom(string origin, string? host = null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "api/run/pause");
            request.Headers.Add("Origin", origin);
            request.Headers.Host = host;
            return (await trainer.Client.SendAsync(request, TestContext.Current.CancellationToken)).StatusCode;
        }
    }
}
