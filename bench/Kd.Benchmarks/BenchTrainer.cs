extern alias trainer;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using trainer::Kd.StudentTrainer.Hosting;
using trainer::Kd.Training.Artifacts;
using trainer::Kd.Training.Batches;
using trainer::Kd.Training.Configuration;
using trainer::Kd.Training.Control;
using trainer::Kd.Training.Runs;
using trainer::Kd.Training.Shards;
using trainer::Kd.Training.Tasks;
using trainer::Kd.Training.Teaching;

namespace Kd.Benchmarks;

/// <summary>Builds the trainer's services as its program does, without starting the host.</summary>
internal sealed class BenchTrainer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lazy<(BatchSource Batches, TeacherInfo? Teacher)> _sources;

    public BenchTrainer(string teachers, params string[] settings)
    {
        _app = TrainerExtensions.BuildStudentTrainer([
            $"--Service:Key={BenchTeacher.Key}",
            $"--TeacherClient:Address={teachers}",
            "--Logging:Console:LogLevel:Default=Warning",
            .. settings,
        ]);
        // Starting the host would start a run, so the telemetry providers are created here; they export if a collector is configured.
        _app.Services.GetService<TracerProvider>();
        _app.Services.GetService<MeterProvider>();
        _sources = new(() => _app.Services.GetRequiredService<BatchSourceFactory>().Open(Configuration, CancellationToken.None));
    }

    public TeacherClient Teacher => _app.Services.GetRequiredService<TeacherGroup>().Teachers[0];

    /// <summary>The settings.</summary>
    public RunConfiguration Configuration => _app.Services.GetRequiredService<RunConfiguration>();

    /// <summary>Creates what labels the views of a run.</summary>
    /// <param name="writer">Receives the labels, which are stored in the cache otherwise.</param>
    public Prelabeler CreatePrelabeler(LabelWriter? writer = null) =>
        new(Open(), [Teacher], Configuration.Views.PerSample, new RunMonitor(TimeProvider.System)) { Writer = writer };

    /// <summary>Opens the images and the teacher.</summary>
    public BatchSource Open() => _sources.Value.Batches;

    /// <summary>Trains a student into a folder.</summary>
    public RunResult Train(string method, RunFolder folder) =>
        _app
            .Services.GetRequiredService<Trainer>()
            .Train(
                new RunSetup
                {
                    Id = "bench",
                    Method = method,
                    Configuration = Configuration,
                    Batches = _sources.Value.Batches,
                    Folder = folder,
                    Teacher = _sources.Value.Teacher,
                },
                CancellationToken.None
            );

    /// <summary>Trains a student, and measures the median time of its epochs after the first one, seconds.</summary>
    public double MeasureEpoch(string method)
    {
        var path = Directory.CreateTempSubdirectory("kd-bench-").FullName;
        try
        {
            using var folder = RunFolder.Open(path);
            Train(method, folder);
            return folder.ReadMetrics().Skip(1).Select(epoch => epoch.Seconds).Order().ElementAt((folder.ReadMetrics().Count - 1) / 2);
        }
        finally
        {
            Directory.Delete(path, recursive: true);
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
