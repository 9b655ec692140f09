using System.Diagnostics;
using System.Security.Cryptography;
using Kd.Tests;

namespace Kd.Faults;

/// <summary>Teachers on hosts of their own join and leave during a run, found through DNS; one host is cut off, one is slow. Needs root and iproute2.</summary>
[Collection(nameof(OwnHosts))]
public sealed class HostFaults(ITestOutputHelper output)
{
    private const int Trainer = 2,
        FirstTeacher = 11,
        GrpcPort = 8081;

    // Some hundred batches of 16 views, each labeled anew.
    private static readonly string[] s_run =
    [
        "--Dataset:DemoTrainPerClass=8",
        "--Dataset:DemoValidationPerClass=2",
        "--Views:PerSample=0",
        "--Student:Width=0.1",
        "--Student:Form=Standard",
        "--Training:Epochs=36",
        "--Training:BatchSize=16",
        "--Distillation:Method=kd",
        "--Run:Threads=1",
        "--Run:Id=run",
        "--Run:Prefetch=8",
    ];

    [Fact(Explicit = true)]
    public async Task Names_OneFourTwoEightTeachers_GivesTheSameWeightsAsOne()
    {
        using var folder = TestFiles.CreateFolder();
        using var network = HostNetwork.Create();
        var teachers = await StartTeachersAsync(network, 8);
        try
        {
            await RunAsync(folder.File("one"), $"http://{teachers[0].Address}:{GrpcPort}", network, Trainer, _ => Task.CompletedTask);
            await RunAsync(
                folder.File("several"),
                $"dns:///teacher:{GrpcPort}",
                network,
                Trainer + 1,
                trainer =>
                {
                    network.LimitSent(Trainer + 1, "4mbit");
                    return DisturbAsync(network, teachers, trainer);
                }
            );
        }
        finally
        {
            teachers.ForEach(teacher => teacher.Dispose());
        }

        foreach (var file in new[] { "last.safetensors", "student.safetensors" })
            Assert.Equal(Hash(folder.File($"one/run/{file}")), Hash(folder.File($"several/run/{file}")));
    }

    private async Task DisturbAsync(HostNetwork network, List<ServiceProcess> teachers, ServiceProcess trainer)
    {
        using var shares = new ReplicaShares(trainer);
        List(0);
        await shares.WaitAsync(32, teachers[0]);
        var printed = trainer.Output.Length;

        List(0, 1, 2, 3);
        await MeasureAsync("4 teachers", teachers[..4]);

        // Calls are in progress there, and the name still has its address.
        network.Cut(FirstTeacher + 1);
        await MeasureAsync("one of them cut off", [teachers[0], teachers[2], teachers[3]]);

        List(0, 2);
        // Until the change is seen and the calls in progress have ended.
        await Task.Delay(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
        await MeasureAsync("2 teachers", [teachers[0], teachers[2]]);
        var left = (await shares.ReadAsync())[Id(3)];

        // The removed one still runs, and gets nothing.
        Assert.False(teachers[3].Process!.HasExited);
        Assert.Equal(0, (await shares.WaitAsync(32, teachers[0], teachers[2])).GetValueOrDefault(Id(3)));
        Assert.Equal(left, (await shares.ReadAsync())[Id(3)]);

        network.Mend(FirstTeacher + 1);
        network.LimitReceived(FirstTeacher + 7, "128kbit");
        List([.. Enumerable.Range(0, 8)]);
        await MeasureAsync("8 teachers, the last of them slow", teachers[..7]);
        var all = await MeasureAsync("8 teachers, the slow one known", teachers[..7]);
        Assert.InRange(all.GetValueOrDefault(Id(7)), 0, teachers[..7].Average(teacher => all[teacher.Process!.Id]) / 2);
        Assert.False(trainer.Process!.HasExited, "the run was over too early");
        Assert.DoesNotContain("is unavailable", trainer.Output[printed..]);

        void List(params int[] listed) => network.Names.Set("teacher", listed.Select(teacher => HostNetwork.AddressOf(FirstTeacher + teacher)));

        int Id(int teacher) => teachers[teacher].Process!.Id;

        async Task<Dictionary<int, long>> MeasureAsync(string phase, List<ServiceProcess> expected)
        {
            var watch = Stopwatch.StartNew();
            var since = await shares.WaitAsync(32, expected);
            output.WriteLine($"{phase}: {watch.Elapsed.TotalSeconds:F1} s, views of each teacher: {string.Join(", ", since.Values)}");
            return since;
        }
    }

    private static async Task<List<ServiceProcess>> StartTeachersAsync(HostNetwork network, int count)
    {
        var teachers = Enumerable
            .Range(FirstTeacher, count)
            .Select(host => new ServiceProcess(
                "Kd.TeacherService",
                GrpcPort,
                ["--Teacher:Architecture=cifar-resnet20", "--Teacher:Weights=random", "--Teacher:Threads=1", "--Batching:MaxBatch=16", "--Cache:Memory=0"]
            )
            {
                Address = HostNetwork.AddressOf(host).ToString(),
                Namespace = network.Add(host),
            })
            .ToList();
        teachers.ForEach(teacher => teacher.Start());
        foreach (var teacher in teachers)
            await teacher.WaitUntilHealthyAsync();
        return teachers;
    }

    private static async Task RunAsync(string folder, string address, HostNetwork network, int host, Func<ServiceProcess, Task> disturb)
    {
        using var trainer = new ServiceProcess(
            "Kd.StudentTrainer",
            RunningService.FreePort(),
            [$"--TeacherClient:Address={address}", $"--Run:Folder={folder}", .. s_run]
        )
        {
            Address = HostNetwork.AddressOf(host).ToString(),
            Namespace = network.Add(host),
        };
        trainer.Start();
        await disturb(trainer);
        await trainer
            .Process!.WaitForExitAsync(TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromMinutes(15), TestContext.Current.CancellationToken);
        Assert.True(trainer.Process.ExitCode == 0, trainer.Output);
    }

    private static string Hash(string file) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)));
}

/// <summary>One network at a time, and no other test beside it.</summary>
[CollectionDefinition(nameof(OwnHosts), DisableParallelization = true)]
public sealed class OwnHosts;
