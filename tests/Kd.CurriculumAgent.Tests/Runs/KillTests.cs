using System.Diagnostics;
using Grpc.Core;
using Grpc.Net.Client;
using Kd.Core.Randomness;
using Kd.Protocol.Curriculum.V1;
using Kd.Tests;

namespace Kd.CurriculumAgent.Tests.Runs;

/// <summary>The agent as a process that is killed at moments by chance while runs report to it.</summary>
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
        var (port, random, killed) = (RunningService.FreePort(), new CounterRandom(5, 0), 0);
        var process = Start(folder, port);
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{port}");
        var client = new Curriculum.CurriculumClient(channel);
        try
        {
            await PatientlyAsync(() =>
                client
                    .StartRunAsync(
                        new StartRunRequest
                        {
                            RunId = "run",
                            Epochs = Epochs,
                            InitialTemperature = 4,
                            Strategy = Strategy.EasyToHard,
                            EpochRatio = 0.7,
                            Seed = 1,
                        },
                        RunningService.WithKey()
                    )
                    .ResponseAsync
            );
            var answers = new List<ReportEpochReply>();
            for (var epoch = 0; epoch < Epochs; epoch++)
            {
                // The kill comes while the call is under way, somewhere in its milliseconds.
                var kill =
                    kills > 0 && epoch % (Epochs / kills) == Epochs / kills - 1
                        ? Task.Delay(TimeSpan.FromMilliseconds(3 * random.NextDouble()), cancellation).ContinueWith(_ => process.Kill(), cancellation)
                        : null;
                var call = ReportAsync(epoch);
                if (kill is not null)
                {
                    await kill;
                    await process.WaitForExitAsync(cancellation);
                    process.Dispose();
                    (process, killed) = (Start(folder, port), killed + 1);
                }

                answers.Add(await call);
            }

            // A last agent knows the answers from the journal alone.
            process.Kill();
            await process.WaitForExitAsync(cancellation);
            process.Dispose();
            process = Start(folder, port);
            var repeated = new List<ReportEpochReply>();
            for (var epoch = 0; epoch < Epochs; epoch++)
                repeated.Add(await ReportAsync(epoch));
            return (answers, repeated, killed);
        }
        finally
        {
            process.Kill();
            process.Dispose();
        }

        Task<ReportEpochReply> ReportAsync(int epoch)
        {
            var report = new ReportEpochRequest
            {
                RunId = "run",
                Epoch = epoch,
                Accuracy = 30 + epoch % 40,
                Loss = 3 - epoch * 0.01,
                Difficulty = 0.4,
            };
            return PatientlyAsync(() => client.ReportEpochAsync(report, RunningService.WithKey()).ResponseAsync);
        }

        async Task<T> PatientlyAsync<T>(Func<Task<T>> call)
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
    }

    private static Process Start(string folder, int port)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(TestFiles.RepositoryRoot, "src", "Kd.CurriculumAgent", "bin", output.Parent!.Name, output.Name, "Kd.CurriculumAgent.dll");
        return Process.Start(
            new ProcessStartInfo(
                System.Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet",
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
