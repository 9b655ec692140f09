extern alias trainer;
using Kd.Vision.Datasets;

using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;
using trainer::Kd.StudentTrainer.Curriculum;
using trainer::Kd.StudentTrainer.Progress;
using trainer::Kd.StudentTrainer.Runs;
using trainer::Kd.StudentTrainer.Steering;
using trainer::Kd.StudentTrainer.Teaching;

namespace Kd.Benchmarks;

/// <summary>The trainer's parts, as its own program puts them together, without its job.</summary>
internal sealed class BenchTrainer : IAsyncDisposable
{
    private readonly WebApplication _app;

    public BenchTrainer(string teachers, params string[] settings)
    {
        _app = TrainerExtensions.BuildStudentTrainer([
            $"--Service:Key={BenchService.Key}",
            $"--TeacherClient:Address={teachers}",
            "--Logging:Console:LogLevel:Default=Warning",
            .. settings,
        ]);
        // Its host is not started, since that would start a run; telemetry, where a collector is named, begins with its providers.
        _app.Services.GetService<TracerProvider>();
        _app.Services.GetService<MeterProvider>();
    }

    public TeacherClient Teacher => _app.Services.GetRequiredService<TeacherClient>();

    /// <summary>What a run is given.</summary>
    public async Task<RunContext> CreateContextAsync()
    {
        var configuration = _app.Services.GetRequiredService<RunConfiguration>();
        var dataset = DatasetLoader.Load(configuration.Dataset);
        var planner = DatasetLoader.PlanViews(dataset, configuration.Views.Size, configuration.Views.Seed);
        var description = await Teacher.DescribeAsync(dataset.ClassNames, CancellationToken.None);
        return new RunContext(
            "bench",
            configuration,
            dataset,
            planner,
            Teacher,
            description,
            _app.Services.GetRequiredService<CurriculumClient>(),
            new ConsoleProgress(TextWriter.Null, TimeProvider.System),
            new RunControl(),
            TimeProvider.System,
            _app.Services.GetRequiredService<ILogger<RunWork>>()
        );
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
