using System.Diagnostics.Metrics;
using Kd.CurriculumAgent.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.CurriculumAgent.Tests.Diagnostics;

/// <summary>Provides instruments to classes that a test creates itself; they are removed from the process on disposal.</summary>
internal sealed class MetricsFixture : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public MetricsFixture() => Metrics = new AgentMetrics(_services.GetRequiredService<IMeterFactory>());

    public AgentMetrics Metrics { get; }

    public void Dispose() => _services.Dispose();
}
