using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;
using Kd.Settings;
using Kd.Tests;
using StackExchange.Redis;

namespace Kd.Faults;

/// <summary>Runs from the queue for hours, with faults in between. KD_SECONDS: how long (7200).</summary>
[Collection(nameof(OneSystem))]
public sealed class SoakTests(ITestOutputHelper output)
{
    private const double MostGrowth = 0.03;
    private static readonly TimeSpan s_duration = TimeSpan.FromSeconds(
        double.Parse(Environment.GetEnvironmentVariable("KD_SECONDS") ?? "7200", CultureInfo.InvariantCulture)
    );

    // teacher2 is killed again and again; the others must live.
    private static readonly string[] s_measured = ["cache", "teacher1", "agent", "trainer"];

    [Fact(Explicit = true)]
    public async Task Queue_WithFaultsInBetween_LeavesNothing()
    {
        using var folder = TestFiles.CreateFolder();
        using var system = FaultySystem.Start(folder.Path, "--Run:Task=serve");
        await system.Processes["trainer"].WaitUntilHealthyAsync();
        using var trainer = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{system.Processes["trainer"].HttpPort}") };
        trainer.DefaultRequestHeaders.Authorization = new("Bearer", PageToken.Of(RunningService.Key));
        await using var cache = await ConnectionMultiplexer.ConnectAsync(system.CacheConnection + ",allowAdmin=true");
        var memory = new List<(double Seconds, long[] Bytes)>();
        var (expected, runs) = (default(IReadOnlyList<string>), 0);
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < s_duration; runs++)
        {
            var run = RunAsync(trainer, $"soak-{runs}");
            if (runs > 0)
                await DisturbAsync(system, cache, runs);
            await run;
            var result = system.Result($"soak-{runs}");
            expected ??= result;
            Assert.Equal(expected, result);
            memory.Add((watch.Elapsed.TotalSeconds, [.. s_measured.Select(name => system.Processes[name].Memory)]));
        }

        var grown = FindGrowth(memory, runs);
        await cache.DisposeAsync();
        // The last fault may have been its kill.
        await system.Processes["teacher2"].WaitUntilHealthyAsync();
        CheckEnd(system, folder.Path);
        Assert.Empty(grown);
    }

    private static async Task RunAsync(HttpClient trainer, string id)
    {
        var settings = new Dictionary<string, string> { ["Run:Id"] = id };
        var answer = await trainer.PostAsJsonAsync("api/runs", new { settings }, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(100, TestContext.Current.CancellationToken))
        {
            Assert.True(watch.Elapsed < TimeSpan.FromMinutes(5), $"{id} does not end");
            var waiting = await trainer.GetFromJsonAsync<JsonElement>("api/runs/waiting", TestContext.Current.CancellationToken);
            Assert.All(waiting.EnumerateArray(), run => Assert.Null(run.GetProperty("failure").GetString()));
            if (waiting.GetArrayLength() == 0)
                return;
        }
    }

    private static async Task DisturbAsync(FaultySystem system, ConnectionMultiplexer cache, int run)
    {
        var random = Reference.Draw("trainer", run);
        await Task.Delay(random.NextInt32(4000), TestContext.Current.CancellationToken);
        switch (random.NextInt32(6))
        {
            case 0:
                system.Kill("teacher2");
                system.StartAgain("teacher2");
                break;
            case 1:
                await ForAWhile(() => system.CacheLink.Cut(), () => system.CacheLink.Mend());
                break;
            case 2:
                await ForAWhile(() => system.TeacherLinks.ForEach(link => link.Cut()), () => system.TeacherLinks.ForEach(link => link.Mend()));
                break;
            case 3:
                await ForAWhile(() => system.AgentLink.Cut(), () => system.AgentLink.Mend());
                break;
            case 4:
                await ForAWhile(() => system.Signal("teacher1", "STOP"), () => system.Signal("teacher1", "CONT"));
                break;
            default:
                await cache.GetServers()[0].FlushDatabaseAsync();
                break;
        }

        static async Task ForAWhile(Action begin, Action end)
        {
            begin();
            await Task.Delay(2000, TestContext.Current.CancellationToken);
            end();
        }
    }

    // The first quarter fills pools and compiles code.
    private List<string> FindGrowth(List<(double Seconds, long[] Bytes)> memory, int runs)
    {
        var quarter = memory.Count / 4;
        output.WriteLine($"{runs} runs");
        var grown = new List<string>();
        for (var i = 0; i < s_measured.Length; i++)
        {
            var (before, after) = (Mean(memory[quarter..(2 * quarter)], i), Mean(memory[^quarter..], i));
            output.WriteLine(
                $"{s_measured[i]}: {before / (1 << 20):F1} MiB in the second quarter, {after / (1 << 20):F1} in the last ({after / before - 1:P1})"
            );
            if (after / before - 1 >= MostGrowth)
                grown.Add(s_measured[i]);
        }

        return grown;
    }

    private static double Mean(List<(double Seconds, long[] Bytes)> memory, int process) => memory.Average(sample => (double)sample.Bytes[process]);

    private static void CheckEnd(FaultySystem system, string folder)
    {
        foreach (var name in FaultySystem.Names.Reverse())
        {
            var process = system.Processes[name];
            process.Signal("TERM");
            Assert.True(process.Process!.WaitForExit(TimeSpan.FromSeconds(30)), $"{name} does not end");
            Assert.True(process.Process.ExitCode == 0, $"{name} ended with code {process.Process.ExitCode}:\n{process.Output}");
            foreach (var port in new[] { process.HttpPort, process.GrpcPort }.Where(port => port > 0))
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
            }
        }

        Assert.DoesNotContain(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories), IsLeftover);
    }

    // Files are written aside and renamed.
    private static bool IsLeftover(string file) => Path.GetExtension(file) is ".part" or ".tmp";
}
