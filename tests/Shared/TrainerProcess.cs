#if KD_TRAINER
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using Kd.Settings;
using Kd.Training.Control;

namespace Kd.Tests;

/// <summary>A trainer as a process of its own, with its HTTP side.</summary>
internal sealed class TrainerProcess : IDisposable
{
    /// <summary>A run of seconds on one thread: 24 classes with 6 samples each, a tiny student.</summary>
    public static readonly string[] Small =
    [
        "--Dataset:DemoTrainPerClass=6",
        "--Dataset:DemoValidationPerClass=2",
        "--Views:PerSample=2",
        // Decisions that matter, in a short run.
        "--Curriculum:Preset=reference",
        "--Distillation:Recipe=reference",
        "--Student:Width=0.1",
        "--Student:Form=Standard",
        "--Training:BatchSize=12",
        "--Run:Threads=1",
    ];

    private readonly Process _process;

    private TrainerProcess(Process process, int port)
    {
        (_process, Client) = (process, new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/") });
        Client.DefaultRequestHeaders.Authorization = new("Bearer", PageToken.Of(RunningService.Key));
    }

    /// <summary>Sends requests with the page's token.</summary>
    public HttpClient Client { get; }

    /// <summary>Address of the run page with its token, as a user opens it.</summary>
    public string Page => PageToken.AddTo(Client.BaseAddress!.ToString(), PageToken.Of(RunningService.Key));

    public static TrainerProcess Start(string folder, string[] settings, string id = "run")
    {
        var port = RunningService.FreePort();
        return new TrainerProcess(TrainerRuns.StartProcess(folder, id, [.. settings, $"--urls=http://127.0.0.1:{port}"]), port);
    }

    public async Task<RunStatus> UntilAsync(Func<RunStatus, bool> holds)
    {
        for (var started = Stopwatch.StartNew(); started.Elapsed < TimeSpan.FromSeconds(90); )
        {
            Assert.False(_process.HasExited, "the trainer ended too early");
            try
            {
                if (await Client.GetFromJsonAsync<RunStatus>("api/run", TestContext.Current.CancellationToken) is { } status && holds(status))
                    return status;
            }
            catch (HttpRequestException)
            {
                // Not bound yet.
            }

            await Task.Delay(10, TestContext.Current.CancellationToken);
        }

        throw new TimeoutException("The trainer did not come to that state.");
    }

    public async Task PostAsync(string what) =>
        (await Client.PostAsync($"api/run/{what}", null, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();

    public async Task<int> EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    /// <summary>Tells it to end, as Aspire does.</summary>
    public void Interrupt()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
        Client.Dispose();
    }
}
#endif
