using System.Diagnostics.Metrics;
using Kd.TeacherService.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.TeacherService.Tests.Diagnostics;

/// <summary>Provides instruments to classes that a test creates itself; they are removed from the process on disposal.</summary>
internal sealed class MetricsFixture : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public MetricsFixture() => Metrics = new TeacherMetrics(_services.GetRequiredService<IMeterFactory>());

    public TeacherMetrics Metrics { get; }

    public void Dispose() => _services.Dispose();
}
