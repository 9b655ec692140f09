using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Kd.Tests;
using Kd.Training.Artifacts;
using Microsoft.Playwright;

namespace Kd.RunPage.Tests.Pages;

/// <summary>The run page of a real trainer in a real browser.</summary>
[Collection(nameof(OneTrainer))]
public sealed class PageTests
{
    private static readonly string[] s_small =
    [
        "--Dataset:DemoTrainPerClass=8",
        "--Dataset:DemoValidationPerClass=4",
        "--Views:PerSample=2",
        "--Curriculum:Preset=reference",
        "--Distillation:Recipe=reference",
        "--Student:Width=0.1",
        "--Student:Form=Standard",
        "--Training:BatchSize=24",
        "--Run:Threads=1",
        "--Training:LearningRate=0.01",
    ];

    [Fact]
    public async Task Page_RunStartedWatchedPausedResumedStoppedGoneOnWithCompared_ShowsItAllWithoutAnError()
    {
        _ = OpenBrowser.FindBrowser();
        using var folder = TestFiles.CreateFolder();
        var weights = $"--Teacher:Weights={Path.Combine(TestFiles.RepositoryRoot, "models", "demo-teacher.safetensors")}";
        await using var teacher = await TrainerRuns.StartTeacherAsync(weights);
        await using var replica = await TrainerRuns.StartTeacherAsync(weights);
        await using var agent = await TrainerRuns.StartAgentAsync(folder.File("agent"));
        using var trainer = TrainerProcess.Start(
            folder.File("runs"),
            [.. s_small, "--Run:Task=serve", $"--TeacherClient:Address={teacher.Grpc};{replica.Grpc}", $"--AgentClient:Address={agent.Grpc}"]
        );
        await trainer.UntilAsync(status => status.Phase == "waiting");
        await using var browser = await OpenBrowser.StartAsync(trainer.Client.BaseAddress!.ToString(), trainer.Page);
        var page = browser.Page;
        await page.GotoAsync(trainer.Client.BaseAddress!.ToString());
        await Assertions.Expect(page.Locator("#phase")).ToHaveTextAsync("waiting");

        // A mistake is named, and nothing begins; mended, it begins and is watched to its end.
        await StartRun(page, ("Distillation:Method", "labels"), ("Training:Epochs", "0"), ("Run:Id", "first"));
        await Assertions.Expect(page.Locator("#problems")).ToContainTextAsync("Training:Epochs is '0'");
        await Assertions.Expect(page.Locator("[name='Training:Epochs']")).ToHaveAttributeAsync("aria-invalid", "true");
        await Assertions.Expect(page.Locator("#Training-Epochs-problem")).ToContainTextAsync("Training:Epochs is '0'");
        await Assertions.Expect(page.Locator("#Training-Epochs-help")).ToContainTextAsync("Allowed: 1 to 100000.");
        await browser.CheckAccessibilityAsync();
        Assert.Equal("waiting", (await trainer.UntilAsync(_ => true)).Phase);
        await page.Locator("[name='Training:Epochs']").FillAsync("6");
        // By keyboard.
        await page.Locator("[name='Training:Epochs']").PressAsync("Enter");
        await Assertions.Expect(page.Locator("#phase")).ToHaveTextAsync("finished", new() { Timeout = 90_000 });
        await Assertions.Expect(page.Locator("#epoch")).ToHaveTextAsync("6 of 6");
        // The address names the section.
        await page.GotoAsync($"{trainer.Client.BaseAddress}run?name=first&tab=test");
        await Assertions.Expect(page.Locator(".panel svg").First).ToBeVisibleAsync();

        // One that fails is kept with its reason, fails once more if it is tried again, and can be removed.
        await StartRun(page, ("Run:Id", "failing"), ("others", "Student:Device=cuda:99"));
        await Assertions.Expect(page.Locator("#waiting")).ToContainTextAsync("failed: Device 'cuda:99'", new() { Timeout = 30_000 });
        await browser.CheckAccessibilityAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Retry failing" }).ClickAsync();
        await UntilFailed(trainer, "failing", times: 2);
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove failing" }).ClickAsync();
        await Assertions.Expect(page.Locator("#waiting")).ToHaveCountAsync(0);

        await StartRun(page, ("Distillation:Method", "kd-curriculum"), ("Training:Epochs", "400"), ("Run:Id", "second"));
        await StartRun(page, ("Training:Epochs", "3"), ("Run:Id", "third"), ("others", "Training:WarmupEpochs=1"));
        await Assertions.Expect(page.Locator("#waiting")).ToContainTextAsync("third: Training:Epochs=3");
        await page.GetByRole(AriaRole.Button, new() { Name = "Remove third" }).ClickAsync();
        await Assertions.Expect(page.Locator("#waiting")).ToHaveCountAsync(0);

        await trainer.UntilAsync(status => status.Epoch >= 4);
        var epoch = page.Locator("#epoch");
        var before = await epoch.InnerTextAsync();
        // Live without reload: another epoch, and lines in the charts.
        await Assertions.Expect(epoch).Not.ToHaveTextAsync(before);
        await Assertions.Expect(page.Locator("figure .rz-line-series path")).Not.ToHaveCountAsync(0);
        await Assertions.Expect(page.Locator("figure .best")).ToContainTextAsync(new Regex(@"^Best: [\d.]+ in epoch \d+$"));
        await Open(page, "Difficulty and curriculum");
        await Assertions.Expect(page.GetByText("Reward and its terms")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("Samples by difficulty now")).ToBeVisibleAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("tab=curriculum$"));
        // Loaded by its address, with all its charts at once.
        await page.ReloadAsync();
        await WholeCharts(page);
        // Pictures of samples, with the predictions of both.
        await Open(page, "Samples");
        await Assertions.Expect(page.Locator(".samples img")).ToHaveCountAsync(16);
        Assert.True(await page.Locator(".samples img").First.EvaluateAsync<bool>("image => image.complete && image.naturalWidth === 32"));
        await Assertions.Expect(page.Locator(".samples dd").First).ToHaveTextAsync(new Regex(@"^\S+ \d+%, \S+ \d+%, \S+ \d+%$"));
        await Open(page, "Time and cache");
        await Assertions.Expect(page.Locator("#replicas tbody tr")).ToHaveCountAsync(2);
        // There is no collector: the spans of the last epochs are on the page.
        await Open(page, "Timeline");
        foreach (var name in new[] { "train step", "look up logits", "report epoch" })
            await Assertions.Expect(page.Locator(".timeline .lane .name", new() { HasText = name })).ToBeVisibleAsync();
        await Open(page, "Test");
        await Assertions.Expect(page.GetByText("No test yet")).ToBeVisibleAsync();
        await Open(page, "Messages");
        await Assertions.Expect(page.GetByLabel("Messages")).ToContainTextAsync("kd-curriculum");
        await Open(page, "Overview");

        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Assertions.Expect(page.Locator("#phase")).ToHaveTextAsync("paused");
        var paused = await trainer.UntilAsync(status => status.Phase == "paused");
        await browser.CheckAccessibilityAsync();

        await page.GetByText("Set temperature or threshold manually").ClickAsync();
        await Fill(page, "temperature", "6.5");
        await Fill(page, "epochs", "50");
        await page.GetByRole(AriaRole.Button, new() { Name = "Set", Exact = true }).ClickAsync();
        Assert.Equal(6.5, (await trainer.UntilAsync(status => status.Manual is not null)).Manual!.Temperature);

        await Menu(page, "All runs");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "first" })).ToBeVisibleAsync();
        await page.Locator("[name=filter]").FillAsync("CURRIC");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "first" })).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "second" })).ToBeVisibleAsync();
        await page.Locator("[name=filter]").FillAsync("");
        await browser.CheckAccessibilityAsync();
        foreach (var name in new[] { "first", "second" })
            await page.GetByLabel($"compare {name}").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare" }).ClickAsync();
        await Assertions.Expect(page.Locator("#differences")).ToContainTextAsync("training:epochs");
        await Assertions.Expect(page.Locator("#differences mark").First).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#differences .winner .badge").First).ToHaveTextAsync("best");
        await Assertions.Expect(page.Locator("figure .rz-line-series path")).Not.ToHaveCountAsync(0);
        await browser.CheckAccessibilityAsync();

        var light = await page.EvaluateAsync<string>("getComputedStyle(document.body).color");
        await page.GetByLabel("Light or dark").ClickAsync();
        await Assertions.Expect(page.Locator("#radzen-theme-link")).ToHaveAttributeAsync("href", new Regex("dark-base"));
        // On a busy machine the style sheet and its icons arrive later than its name.
        await page.WaitForFunctionAsync("light => getComputedStyle(document.body).color !== light && document.fonts.status === 'loaded'", light);
        await Assertions.Expect(page.Locator("figure .rz-line-series path")).Not.ToHaveCountAsync(0);
        // The exchange of stylesheets leaves no chart squashed.
        await WholeCharts(page);
        await browser.CheckAccessibilityAsync();
        await Menu(page, "All runs");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "first" })).ToBeVisibleAsync();
        await browser.CheckAccessibilityAsync();
        await Menu(page, "New run");
        await Assertions.Expect(page.Locator("[name='Training:Epochs']")).ToHaveValueAsync(new Regex(@"\d"));
        await page.Locator("[name=others]").FillAsync("nonsense");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();
        await Assertions.Expect(page.Locator("#problems")).ToContainTextAsync("'nonsense' is not a setting");
        await browser.CheckAccessibilityAsync();
        await Menu(page, "Current run");
        await Assertions.Expect(page.Locator("figure .rz-line-series path")).Not.ToHaveCountAsync(0);
        await browser.CheckAccessibilityAsync();
        await page.SetViewportSizeAsync(390, 844);
        Assert.Equal(390, await page.EvaluateAsync<int>("document.documentElement.scrollWidth"));
        await browser.CheckAccessibilityAsync();

        await page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await Assertions.Expect(page.Locator("#phase")).ToHaveTextAsync("running");
        await trainer.UntilAsync(status => status.Epoch > paused.Epoch);
        // Live, too: an epoch has taken one of the fifty.
        await page.GetByText("Set temperature or threshold manually").ClickAsync();
        await Assertions.Expect(page.GetByText(new Regex("In force for the next 4[0-9] epochs"))).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop after this epoch" }).ClickAsync();
        await Assertions.Expect(page.Locator("#phase")).ToHaveTextAsync("stopped");
        var stopped = await trainer.UntilAsync(_ => true);
        await page.GotoAsync($"{trainer.Client.BaseAddress}run?name=second");
        await page.GetByRole(AriaRole.Link, new() { Name = "New run with these settings" }).ClickAsync();
        await Assertions.Expect(page.Locator("[name='Training:Epochs']")).ToHaveValueAsync("400");
        await Assertions.Expect(page.Locator("[name='Distillation:Method']")).ToHaveValueAsync("kd-curriculum");
        await page.GoBackAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        Assert.Equal("second", Path.GetFileName((await trainer.UntilAsync(status => status.Phase == "running" && status.Epoch > stopped.Epoch)).Folder));
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop after this epoch" }).ClickAsync();
        await Assertions.Expect(page.Locator("#phase")).ToHaveTextAsync("stopped");

        // A study is live, too.
        await StartRun(page, ("Training:Epochs", "100"), ("Run:Id", "many"), ("others", "Run:Study=methods"));
        await trainer.UntilAsync(status => status.Epoch >= 1 && status.Runs == 4);
        await page.GotoAsync($"{trainer.Client.BaseAddress}study?name=many");
        await Assertions.Expect(page.Locator("p.subtitle")).ToContainTextAsync(new Regex("Run 1 of 4 is in progress: kd-curriculum, epoch [0-9]+ of 100"));
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Continue" })).ToHaveCountAsync(0);
        var summary = page.Locator("figure .rz-chart").First;
        var drawn = await summary.GetAttributeAsync("aria-label");
        await Assertions.Expect(summary).Not.ToHaveAttributeAsync("aria-label", drawn!);
        browser.AssertQuiet();
    }

    [Fact]
    public async Task Page_HundredRunsOfThousandEpochs_ListsAndComparesThem()
    {
        const int runs = 100,
            epochs = 1000;
        _ = OpenBrowser.FindBrowser();
        using var folder = TestFiles.CreateFolder();
        for (var run = 0; run < runs; run++)
            WriteRun(folder.File($"runs/run{run:D3}"), run, epochs);
        using var trainer = TrainerProcess.Start(folder.File("runs"), [.. s_small, "--Run:Task=serve"]);
        await trainer.UntilAsync(status => status.Phase == "waiting");
        await using var browser = await OpenBrowser.StartAsync(trainer.Client.BaseAddress!.ToString(), trainer.Page);
        var page = browser.Page;
        var watch = Stopwatch.StartNew();
        await page.GotoAsync($"{trainer.Client.BaseAddress}runs");
        await Assertions.Expect(page.Locator(".rz-grid-table tbody tr")).ToHaveCountAsync(25);
        Tell("list");
        await page.GetByRole(AriaRole.Button, new() { Name = "Go to next page" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("compare run050")).ToBeVisibleAsync();
        Tell("second page");
        await page.GotoAsync($"{trainer.Client.BaseAddress}run?name=run042");
        await Assertions.Expect(page.Locator("figure .rz-line-series path")).Not.ToHaveCountAsync(0);
        Tell("one run");
        // A file that cannot be read for a while does not end the refreshing.
        var metrics = folder.File("runs/run042/metrics.jsonl");
        var lines = File.ReadAllLines(metrics);
        File.AppendAllText(metrics, "null\n");
        await Task.Delay(2500, TestContext.Current.CancellationToken);
        File.WriteAllLines(metrics, [.. lines, lines[^1].Replace("\"epoch\":999", "\"epoch\":1000", StringComparison.Ordinal)]);
        await Assertions.Expect(page.Locator("#epochs")).ToHaveTextAsync("1001");
        Tell("refreshed");
        await page.GotoAsync($"{trainer.Client.BaseAddress}compare?{string.Join('&', Enumerable.Range(0, 5).Select(run => $"name=run{run:D3}"))}");
        await Assertions.Expect(page.Locator("#differences")).ToContainTextAsync("run:seed");
        await Assertions.Expect(page.Locator("figure .rz-line-series path").First).ToBeAttachedAsync();
        Tell("comparison of five");
        // Of each line at most 200 points are drawn.
        Assert.InRange(
            await page.Locator("figure .rz-line-series path").First.EvaluateAsync<int>("path => path.getAttribute('d').split(/[ML]/).length"),
            100,
            205
        );
        browser.AssertQuiet();

        void Tell(string what)
        {
            TestContext.Current.TestOutputHelper?.WriteLine($"{what}: {watch.Elapsed.TotalSeconds:F2} s");
            watch.Restart();
        }
    }

    [Fact]
    public async Task Page_StudyOfTwoSeeds_ShowsTableWinnerCurvesAndHeadlineFigures()
    {
        _ = OpenBrowser.FindBrowser();
        using var folder = TestFiles.CreateFolder();
        WriteStudy(folder.File("runs/compared"));
        using var trainer = TrainerProcess.Start(folder.File("runs"), [.. s_small, "--Run:Task=serve"]);
        await trainer.UntilAsync(status => status.Phase == "waiting");
        await using var browser = await OpenBrowser.StartAsync(trainer.Client.BaseAddress!.ToString(), trainer.Page);
        var page = browser.Page;
        await page.GotoAsync(trainer.Client.BaseAddress!.ToString());
        await Assertions.Expect(page.GetByText("Nothing to show yet")).ToBeVisibleAsync();
        await page.GotoAsync($"{trainer.Client.BaseAddress}compare");
        await Assertions.Expect(page.GetByText("Nothing to compare")).ToBeVisibleAsync();
        // Addresses without a name.
        foreach (var kind in new[] { "run", "study" })
        {
            await page.GotoAsync(trainer.Client.BaseAddress + kind);
            await Assertions.Expect(page.GetByText($"There is no {kind} of that name")).ToBeVisibleAsync();
        }

        await page.GotoAsync($"{trainer.Client.BaseAddress}runs");
        await page.GetByRole(AriaRole.Link, new() { Name = "compared", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("Not finished")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Continue" })).ToBeVisibleAsync();
        var rows = page.Locator("#study tbody tr");
        await Assertions.Expect(rows).ToHaveCountAsync(3);
        await Assertions.Expect(rows.Nth(0)).ToContainTextAsync("95.00");
        // Mean and deviation of the two seeds.
        await Assertions.Expect(page.Locator("#study tr.winner")).ToContainTextAsync(new Regex(@"kd\s*best student\s*81\.00 \(1\.41\)"));
        await Assertions.Expect(page.Locator("figure .best").First).ToHaveTextAsync("Best: 79 in epoch 20 (kd)");
        await browser.CheckAccessibilityAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "compared/kd/seed2" }).ClickAsync();
        await Assertions.Expect(page.Locator("dl.figures")).ToContainTextAsync("82.00%");
        await Assertions.Expect(page.Locator("dl.figures")).ToContainTextAsync("-13.00 to teacher, +9.00 to labels");
        await Assertions.Expect(page.Locator("dl.figures")).ToContainTextAsync("75.0%");
        // The values under the pointer.
        var chart = page.Locator("figure .rz-chart").First;
        await chart.HoverAsync();
        await Assertions.Expect(page.Locator(".rz-chart-tooltip")).ToContainTextAsync(new Regex(@"\d"));
        browser.AssertQuiet();
    }

    private static void WriteStudy(string folder)
    {
        using var study = RunFolder.Open(folder);
        study.WriteText(RunFolder.ConfigurationFile, """{ "run": { "study": "methods", "seeds": 2 } }""");
        var rows = new List<RunResult> { FinishedRuns.Result("teacher", 95, 1) };
        foreach (var (method, correct, seed) in new[] { ("labels", 73, 1), ("labels", 73, 2), ("kd", 80, 1), ("kd", 82, 2) })
        {
            var run = study.OpenSubfolder(Path.Combine(method, $"seed{seed}"));
            foreach (var epoch in Enumerable.Range(0, 20))
                run.AppendMetrics(FinishedRuns.Epoch(epoch, (method == "kd" ? 60 : 50) + epoch));
            run.WriteJson(RunFolder.ResultFile, FinishedRuns.Result(method, correct, seed));
            rows.Add(FinishedRuns.Result(method, correct, seed));
        }

        study.WriteJson(RunFolder.StudyFile, rows);
    }

    private static void WriteRun(string folder, int run, int epochs)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""{ "run": { "seed": {{run}} }, "distillation": { "method": "kd-curriculum" } }""");
        File.WriteAllLines(
            Path.Combine(folder, "metrics.jsonl"),
            Enumerable
                .Range(0, epochs)
                .Select(epoch =>
                    $$$"""{"epoch":{{{epoch}}},"loss":{{{3000.0 / (epoch + 100 + run):F3}}},"""
                    + $$$""" "validationAccuracy":{{{90.0 * epoch / (epoch + 100):F2}}},"samples":600,"""
                    + """ "seconds":2.5,"imagesPerSecond":240,"waitSeconds":0.1,"cacheHits":600,"teacherComputed":0,"temperature":4,"threshold":0.5,"""
                    + """ "difficulty":0.3,"refreshed":0,"reward":1.5,"difficultyHistogram":[100,90,80,70,60,50,40,30,20,60],"""
                    + """ "times":{"render":0.1,"lookup":0.1,"label":0,"wait":0.1,"forward":0.8,"backward":1.2,"optimizer":0.2}}"""
                )
        );
        File.SetLastWriteTimeUtc(Path.Combine(folder, "metrics.jsonl"), new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddMinutes(run));
    }

    private static Task Menu(IPage page, string name) =>
        page.GetByRole(AriaRole.Navigation, new() { Name = "Pages" }).GetByRole(AriaRole.Link, new() { Name = name }).ClickAsync();

    private static Task Open(IPage page, string section) =>
        page.GetByRole(AriaRole.Navigation, new() { Name = "Sections" }).GetByRole(AriaRole.Link, new() { Name = section, Exact = true }).ClickAsync();

    private static async Task UntilFailed(TrainerProcess trainer, string run, int times)
    {
        var starts = 0;
        for (var isWaiting = false; starts < times || !isWaiting; await Task.Delay(50, TestContext.Current.CancellationToken))
        {
            var lines = await trainer.Client.GetFromJsonAsync<string[]>("api/run/messages", TestContext.Current.CancellationToken);
            starts = lines!.Count(line => line.Contains($"run {run}, started", StringComparison.Ordinal));
            var waiting = await trainer.Client.GetFromJsonAsync<JsonElement>("api/runs/waiting", TestContext.Current.CancellationToken);
            isWaiting = waiting.EnumerateArray().Any(one => one.GetProperty("id").GetString() == run && one.GetProperty("failure").GetString() is not null);
        }
    }

    private static async Task StartRun(IPage page, params (string Name, string Value)[] fields)
    {
        await Menu(page, "New run");
        await Assertions.Expect(page.Locator("[name='Training:Epochs']")).ToHaveValueAsync(new Regex(@"\d"));
        foreach (var (name, value) in fields)
        {
            var field = page.Locator($"[name='{name}']");
            if (name == "Distillation:Method")
                await field.SelectOptionAsync(value);
            else
                await field.FillAsync(value);
        }

        await page.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();
        if (!fields.Contains(("Training:Epochs", "0")))
            await Assertions.Expect(page.Locator("#phase")).ToBeVisibleAsync();
    }

    // Charts that were drawn at a wrong size, as while the page was laid out, are narrow.
    private static Task WholeCharts(IPage page) =>
        page.WaitForFunctionAsync(
            "() => document.querySelectorAll('figure.chart').length > 0 && [...document.querySelectorAll('figure.chart')].every(figure => {"
                + " const paths = '.rz-line-series path, .rz-column-series path, .rz-stacked-column-series path';"
                + " const drawn = [...figure.querySelectorAll(paths)].map(path => path.getBoundingClientRect());"
                + " return Math.max(...drawn.map(box => box.right)) - Math.min(...drawn.map(box => box.left)) > 0.5 * figure.clientWidth; })"
        );

    private static async Task Fill(IPage page, string name, string value)
    {
        await page.Locator($"input[name={name}]").FillAsync(value);
        await page.Locator($"input[name={name}]").BlurAsync();
    }
}
