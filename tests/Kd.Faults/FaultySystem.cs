using System.Diagnostics;
using Kd.Tests;

namespace Kd.Faults;

/// <summary>A whole system of real processes: cache, two teachers, agent and trainer, with a proxy in every connection, to be disturbed.</summary>
internal sealed class FaultySystem : IDisposable
{
    /// <summary>Password of the cache.</summary>
    public const string Password = "a-password-that-only-tests-use";

    /// <summary>Names of the processes.</summary>
    public static readonly string[] Names = ["cache", "teacher1", "teacher2", "agent", "trainer"];

    // Some seconds of steps, with decisions of the agent after every five, and views that are labeled anew in each epoch.
    private static readonly string[] s_run =
    [
        "--Dataset:DemoTrainPerClass=8",
        "--Dataset:DemoValidationPerClass=2",
        "--Views:PerSample=0",
        "--Student:Width=0.1",
        "--Student:Form=Standard",
        "--Training:Epochs=25",
        "--Training:BatchSize=16",
        "--Distillation:Method=kd-curriculum",
        "--Curriculum:Policy=bandit",
        "--Curriculum:Every=5",
        "--Curriculum:Settle=1",
        "--Curriculum:Sizes=0.5,0.75,1",
        "--Curriculum:Probe=32",
        "--Run:CheckpointEvery=00:00:00.1",
        "--Run:Threads=1",
    ];

    private static readonly string[] s_teacher =
    [
        "--Teacher:Architecture=cifar-resnet20",
        "--Teacher:Weights=random",
        "--Teacher:Threads=1",
        "--Cache:Memory=0",
    ];
    private readonly Dictionary<string, ServiceProcess> _members;
    private readonly string[] _teacher;

    private FaultySystem(string folder, string[] settings, int? redis = null)
    {
        Folder = folder;
        var cache = redis ?? RunningService.FreePort();
        int[] grpc = [.. Enumerable.Range(0, 3).Select(_ => RunningService.FreePort())];
        CacheLink = new TcpProxy([cache]);
        TeacherLinks = [new TcpProxy([grpc[0]]), new TcpProxy([grpc[1]])];
        AgentLink = new TcpProxy([grpc[2]]);
        CacheConnection = $"127.0.0.1:{cache},password={Password}";
        _teacher = [$"--ConnectionStrings:cache=127.0.0.1:{CacheLink.Port},password={Password},abortConnect=false", .. s_teacher];
        _members = new Dictionary<string, ServiceProcess>
        {
            ["cache"] = new("Kd.Cache", 0, [$"--Cache:Port={cache}", $"--Cache:Password={Password}", $"--Cache:Folder={Path.Combine(folder, "cache")}"]),
            ["teacher1"] = new("Kd.TeacherService", grpc[0], _teacher),
            ["teacher2"] = new("Kd.TeacherService", grpc[1], _teacher),
            ["agent"] = new("Kd.CurriculumAgent", grpc[2], [$"--Agent:StateFolder={Path.Combine(folder, "agent")}"]),
            ["trainer"] = new(
                "Kd.StudentTrainer",
                RunningService.FreePort(),
                [
                    $"--TeacherClient:Address={string.Join(';', TeacherLinks.Select(link => $"http://127.0.0.1:{link.Port}"))}",
                    $"--AgentClient:Address=http://127.0.0.1:{AgentLink.Port}",
                    $"--Run:Folder={folder}",
                    "--Run:Id=run",
                    .. s_run,
                    .. settings,
                ]
            ),
        };
        if (redis is not null)
            _members.Remove("cache");
    }

    /// <summary>Folder of all files; that of the run is run.</summary>
    public string Folder { get; }

    /// <summary>Connection string of the cache, past the proxy.</summary>
    public string CacheConnection { get; }

    /// <summary>Between teachers and cache.</summary>
    public TcpProxy CacheLink { get; }

    /// <summary>Between trainer and teachers.</summary>
    public List<TcpProxy> TeacherLinks { get; }

    /// <summary>Between trainer and agent.</summary>
    public TcpProxy AgentLink { get; }

    /// <summary>The processes by name.</summary>
    public IReadOnlyDictionary<string, ServiceProcess> Processes => _members;

    /// <summary>Whether the trainer's process has ended.</summary>
    public bool HasEnded => _members["trainer"].Process!.HasExited;

    /// <summary>Exit code of the trainer, after its end.</summary>
    public int ExitCode => _members["trainer"].Process!.ExitCode;

    /// <summary>What the trainer has printed, in all its processes.</summary>
    public string Output => _members["trainer"].Output;

    /// <summary>Starts all processes.</summary>
    /// <param name="folder">Folder of all files.</param>
    /// <param name="settings">Settings of the trainer.</param>
    public static FaultySystem Start(string folder, params string[] settings) => Start(new FaultySystem(folder, settings));

    /// <summary>Starts all processes, one of them with variables in its environment.</summary>
    /// <param name="folder">Folder of all files.</param>
    /// <param name="name">Name of the process.</param>
    /// <param name="variables">The variables.</param>
    public static FaultySystem Start(string folder, string name, Dictionary<string, string> variables)
    {
        var system = new FaultySystem(folder, []);
        system._members[name].Environment = variables;
        return Start(system);
    }

    /// <summary>Starts all processes with another Redis server instead of the cache.</summary>
    /// <param name="folder">Folder of all files.</param>
    /// <param name="redis">The server, with <see cref="Password"/>.</param>
    /// <param name="settings">Settings of the trainer.</param>
    public static FaultySystem Start(string folder, RedisServer redis, params string[] settings) => Start(new FaultySystem(folder, settings, redis.Port));

    private static FaultySystem Start(FaultySystem system)
    {
        Directory.CreateDirectory(system.Folder);
        foreach (var name in Names.Where(system._members.ContainsKey))
            system.StartAgain(name);
        return system;
    }

    /// <summary>Starts one more teacher, behind a link of its own, and waits until it is healthy.</summary>
    public async Task AddTeacherAsync()
    {
        var teacher = new ServiceProcess("Kd.TeacherService", RunningService.FreePort(), _teacher);
        TeacherLinks.Add(new TcpProxy([teacher.GrpcPort]));
        _members[$"teacher{TeacherLinks.Count}"] = teacher;
        teacher.Start();
        await teacher.WaitUntilHealthyAsync();
    }

    /// <summary>Waits until the trainer has trained some steps.</summary>
    public async Task WaitForStepsAsync()
    {
        var watch = Stopwatch.StartNew();
        while (!File.Exists(Path.Combine(Folder, "run", "checkpoint.safetensors")))
        {
            Assert.True(!HasEnded && watch.Elapsed < TimeSpan.FromMinutes(2), $"the trainer made no step:\n{Output}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits for the trainer's end.</summary>
    public async Task WaitForEndAsync()
    {
        var watch = Stopwatch.StartNew();
        while (!HasEnded)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromMinutes(5), $"the run did not end:\n{Output}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Kills a process, as <c>kill -9</c> does.</summary>
    public void Kill(string name) => _members[name].Kill();

    /// <summary>Starts a process again with the same command.</summary>
    public void StartAgain(string name) => _members[name].Start();

    /// <summary>Sends a signal to a process.</summary>
    public void Signal(string name, string signal) => _members[name].Signal(signal);

    /// <summary>Reads what the run leaves that must not depend on any disturbance: weights, and measurements of each epoch.</summary>
    public IReadOnlyList<string> Result()
    {
        Assert.True(HasEnded && ExitCode == 0, $"the run ended with code {(HasEnded ? ExitCode : -1)}:\n{Output}");
        return Result("run");
    }

    /// <summary>Reads the same of another finished run.</summary>
    /// <param name="id">Name of the run.</param>
    public IReadOnlyList<string> Result(string id)
    {
        var run = Path.Combine(Folder, id);
        return
        [
            Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(Path.Combine(run, "last.safetensors")))),
            Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(Path.Combine(run, "student.safetensors")))),
            .. File.ReadLines(Path.Combine(run, "metrics.jsonl")).Select(Measured),
        ];
    }

    public void Dispose()
    {
        foreach (var member in _members.Values)
            member.Dispose();
        foreach (var link in (TcpProxy[])[CacheLink, AgentLink, .. TeacherLinks])
            link.Dispose();
    }

    private static string Measured(string line)
    {
        var epoch = System.Text.Json.JsonDocument.Parse(line).RootElement;
        return string.Join(
            ' ',
            new[] { "epoch", "loss", "validationAccuracy", "samples", "reward", "size", "decisions" }.Select(name =>
                epoch.TryGetProperty(name, out var value) ? value.ToString() : "-"
            )
        );
    }
}
