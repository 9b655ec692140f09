using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Kd.Tests;

namespace Kd.StudentTrainer.Tests.Api;

/// <summary>Runs that are asked for over HTTP while a real trainer process runs.</summary>
[Collection(nameof(OneTrainer))]
public sealed class QueueApiTests
{
    private static readonly string[] s_small = [.. TrainerProcess.Small, "--Distillation:Method=labels", "--Training:Epochs=2"];

    [Fact]
    public async Task Start_TrainerKilledAndStartedByTheSameHost_GoesOnWithThatRunToTheSameWeights()
    {
        using var folder = TestFiles.CreateFolder();
        using (var quiet = TrainerProcess.Start(folder.File("quiet"), [.. s_small, "--Training:Epochs=6", "--Run:Seed=2"]))
            Assert.Equal(0, await quiet.EndAsync());
        string[] settings = [.. s_small, "--Run:Stay=true", "--Host:Start=one"];
        using (var first = TrainerProcess.Start(folder.File("runs"), settings))
        {
            await first.UntilAsync(status => status.Phase == "finished");
            Assert.Equal(
                HttpStatusCode.Accepted,
                (
                    await StartAsync(
                        first,
                        new()
                        {
                            ["Training:Epochs"] = 6,
                            ["Run:Seed"] = 2,
                            ["Run:Id"] = "asked",
                            ["Run:Threads"] = "1",
                        }
                    )
                ).Code
            );
            Assert.Equal(HttpStatusCode.Accepted, (await StartAsync(first, new() { ["Run:Id"] = "later" })).Code);
            await first.UntilAsync(status => status is { Epoch: >= 2, Step: > 0 } && status.Folder!.EndsWith("asked", StringComparison.Ordinal));
            first.Kill();
        }

        using (var second = TrainerProcess.Start(folder.File("runs"), settings))
        {
            await second.UntilAsync(status => status.Phase == "finished" && status.Folder!.EndsWith("later", StringComparison.Ordinal));
            var lines = await second.Client.GetFromJsonAsync<string[]>("api/run/messages", TestContext.Current.CancellationToken);
            Assert.Contains(lines!, line => line.Contains("continues from its checkpoint", StringComparison.Ordinal));
            // Not the command's own run once more: that one had ended.
            Assert.Equal(
                ["labels: 6 epochs", "labels: 2 epochs"],
                lines!.Where(line => line.Contains(" epochs, student", StringComparison.Ordinal)).Select(line => line.Split(',')[0])
            );
            Assert.Equal("[]", await second.Client.GetStringAsync("api/runs/waiting", TestContext.Current.CancellationToken));
            second.Kill();
        }

        Assert.Equal(File.ReadAllBytes(folder.File("quiet/run/last.safetensors")), File.ReadAllBytes(folder.File("runs/asked/last.safetensors")));
    }

    [Fact]
    public async Task Start_WrongOnesRightOnesAndAFailingOne_RunsWhatIsRightAndThenEnds()
    {
        using var folder = TestFiles.CreateFolder();
        using var trainer = TrainerProcess.Start(folder.File("runs"), [.. s_small, "--Training:Epochs=400"]);
        await trainer.UntilAsync(status => status.Epoch >= 2);

        var wrong = await StartAsync(trainer, new() { ["Training:Epochs"] = 0, ["Distillation:Method"] = "magic" });
        Assert.Equal(HttpStatusCode.BadRequest, wrong.Code);
        Assert.Equal(
            "Distillation:Method is 'magic'. Use labels, mixed, kd, kd-curriculum, dkd, dist or ctkd.",
            wrong.Body.GetProperty("errors").GetProperty("Distillation:Method")[0].GetString()
        );
        Assert.StartsWith("Training:Epochs is '0'.", wrong.Body.GetProperty("errors").GetProperty("Training:Epochs")[0].GetString());
        var underWay = await StartAsync(trainer, new() { ["Run:Id"] = "run" });
        Assert.Contains("'run', and that run is in progress", underWay.Body.GetProperty("errors").GetProperty("Run:Id")[0].GetString());

        Assert.Equal(HttpStatusCode.Accepted, (await StartAsync(trainer, new() { ["Run:Id"] = "failing", ["Student:Device"] = "cuda:99" })).Code);
        Assert.Equal(HttpStatusCode.Accepted, (await StartAsync(trainer, new() { ["Run:Id"] = "unwanted" })).Code);
        Assert.Equal(HttpStatusCode.BadRequest, (await StartAsync(trainer, new() { ["Run:Id"] = "unwanted" })).Code);
        Assert.Equal(HttpStatusCode.NoContent, await RemoveAsync("unwanted"));
        Assert.Equal(HttpStatusCode.NotFound, await RemoveAsync("unwanted"));
        // A command of the dashboard sends no body: the trainer's own settings.
        var plain = await trainer.Client.PostAsync("api/runs", null, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, plain.StatusCode);
        await trainer.PostAsync("stop");
        var last = (await plain.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("id").GetString()!;
        await trainer.UntilAsync(status => status is { Epoch: >= 2 } && status.Folder!.EndsWith(last, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.Conflict, await RemoveAsync(last));
        // It has failed by now.
        Assert.Equal(HttpStatusCode.NoContent, await RetryAsync("failing"));
        Assert.Equal(HttpStatusCode.NotFound, await RetryAsync("failing"));
        await trainer.PostAsync("stop");

        Assert.Equal(0, await trainer.EndAsync());
        Assert.False(Directory.Exists(folder.File("runs/unwanted")));
        Assert.False(File.Exists(folder.File("runs/failing/metrics.jsonl")));
        // It has failed, perhaps for a reason that passes: it is kept with its settings, until it is tried again or removed.
        var kept = JsonDocument.Parse(File.ReadAllText(folder.File("runs/queue.json"))).RootElement.GetProperty("runs");
        Assert.Equal("failing", Assert.Single(kept.EnumerateArray()).GetProperty("id").GetString());
        Assert.Contains("cuda:99", kept[0].GetProperty("failure").GetString());

        async Task<HttpStatusCode> RetryAsync(string id) =>
            (await trainer.Client.PostAsync($"api/runs/waiting/{id}/retry", null, TestContext.Current.CancellationToken)).StatusCode;

        async Task<HttpStatusCode> RemoveAsync(string id) =>
            (await trainer.Client.DeleteAsync($"api/runs/waiting/{id}", TestContext.Current.CancellationToken)).StatusCode;
    }

    [Fact]
    public async Task Start_TextThatIsNotUtf8_IsRefusedByName()
    {
        using var folder = TestFiles.CreateFolder();
        using var trainer = TrainerProcess.Start(folder.File("runs"), [.. s_small, "--Run:Task=serve"]);
        await trainer.UntilAsync(status => status.Phase == "waiting");
        byte[] body = [.. "{\"settings\":{\"Distillation:Method\":\"k"u8, 0xC6, .. "d\"}}"u8];
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };

        using var response = await trainer.Client.PostAsync("api/runs", content, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("Distillation:Method is not valid UTF-8", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        trainer.Kill();
    }

    private static async Task<(HttpStatusCode Code, JsonElement Body)> StartAsync(TrainerProcess trainer, Dictionary<string, object> settings)
    {
        var response = await trainer.Client.PostAsJsonAsync("api/runs", new { settings }, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken));
    }
}
