using System.Diagnostics;
using Grpc.Core;
using Kd.Core.Randomness;
using Kd.Protocol.Curriculum.V1;
using Kd.Tests;

namespace Kd.CurriculumAgent.Tests.Runs;

/// <summary>Kills the agent's process at random times while a run reports to it.</summary>
public sealed class KillTests
{
    private const int Epochs = 150,
        Kills = 8;

    [Fact]
    public async Task Report_AgentKilledAgainAndAgain_LosesNothingThatWasAnswered()
    {
        using var folder = TestFiles.CreateFolder();
        var cancellation = TestContext.Current.CancellationToken;
        var quiet = await ReportAllAsync(folder.File("quiet"), 0, cancellation);

        var disturbed = await ReportAllAsync(folder.File("disturbed"), Kills, cancellation);

        Assert.Equal(quiet.Answers, disturbed.Answers);
        Assert.Equal(disturbed.Answers, disturbed.Repeated);
        Assert.All(disturbed.Answers.SkipLast(1), answer => Assert.NotNull(answer.Target));
        Assert.Null(disturbed.Answers[^1].Target);
        Assert.InRange(disturbed.Killed, Kills / 2, Kills);
    }

    private static async Task<(List<ReportEpochReply> Answers, List<ReportEpochReply> Repeated, int Killed)> ReportAllAsync(
        string folder,
        int kills,
        CancellationToken cancellation
    )
    {
        var port = RunningService.FreePort();
        var (random, killed) = (new CounterRandom(5, 0), 0);
        using var channel = RunningService.Open(new Uri($"http://127.0.0.1:{port}"));
        var client = new Curriculum.CurriculumClient(channel);
        var process = Start(folder, port);
        try
        {
            await PatientlyAsync(() => client.StartRunAsync(StartRequest()).ResponseAsync, cancellation);
            var answers = new List<ReportEpochReply>();
            for (var epoch = 0; epoch < Epochs; epoch++)
            {
                var isKilled = kills > 0 && epoch % (Epochs / kills) == Epochs / kills - 1;
                // The process is killed during the call, somewhere in its milliseconds.
                var delay = isKilled ? Task.Delay(TimeSpan.FromMilliseconds(3 * random.NextDouble()), cancellation) : null;
                var call = ReportAsync(client, epoch, cancellation);
                if (delay is not null)
                {
                    await delay;
                    (process, killed) = (await RestartAsync(process, folder, port, cancellation), killed + 1);
                }

                answers.Add(await call);
            }

            // The last process knows the answers from the journal alone.
            process = await RestartAsync(process, folder, port, cancellation);
            return (answers, await RepeatAsync(client, cancellation), killed);
        }
        finally
        {
            process.Kill();
            process.Dispose();
        }
    }

    private static async Task<List<ReportEpochReply>> RepeatAsync(Curriculum.CurriculumClient client, CancellationToken cancellation)
    {
        var repeated = new List<ReportEpochReply>();
        for (var epoch = 0; epoch < Epochs; epoch++)
            repeated.Add(await ReportAsync(client, epoch, cancellation));
        return repeated;
    }

    private static async Task<Process> RestartAsync(Process process, string folder, int port, CancellationToken cancellation)
    {
        process.Kill();
        await process.WaitForExitAsync(cancellation);
        process.Dispose();
        return Start(folder, port);
    }

    private static StartRunRequest StartRequest() =>
        new()
        {
            RunId = "run",
            Epochs = Epochs,
            InitialTemperature = 4,
            Strategy = Strategy.EasyToHard,
            EpochRatio = 0.7,
            Seed = 1,
        };

    private static Task<ReportEpochReply> ReportAsync(Curriculum.CurriculumClient client, int epoch, CancellationToken cancellation)
    {
        var report = new ReportEpochRequest
        {
            RunId = "run",
            Epoch = epoch,
            Accuracy = 30 + epoch % 40,
            Loss = 3 - epoch * 0.01,
            Difficulty = 0.4,
        };
        return PatientlyAsync(() => client.ReportEpochAsync(report).ResponseAsync, cancellation);
    }

    private static async Task<T> PatientlyAsync<T>(Func<Task<T>> call, CancellationToken cancellation)
    {
        for (var started = Stopwatch.StartNew(); ; )
        {
            try
            {
                return await call();
            }
            catch (RpcException error)
                when (error.StatusCode is StatusCode.Unavailable or StatusCode.Internal or StatusCode.Unknown or StatusCode.Cancelled
                    && started.Elapsed < TimeSpan.FromSeconds(60)
                )
            {
                await Task.Delay(50, cancellation);
            }
        }
    }

    private static Process Start(string folder, int port)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(TestFiles.RepositoryRoot, "src", "Kd.CurriculumAgent", "bin", output.Parent!.Name, output.Name, "Kd.CurriculumAgent.dll");
        return Process.Start(
            new ProcessStartInfo(
                Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
                [
                    program,
                    $"--urls=http://127.0.0.1:{RunningService.FreePort()}",
                    $"--Endpoints:GrpcPort={port}",
                    $"--Service:Key={RunningService.Key}",
                    $"--Agent:StateFolder={folder}",
                    "--Logging:LogLevel:Default=Warning",
                ]
            )
        )!;
    }
}
