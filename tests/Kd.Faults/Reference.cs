using System.Globalization;
using Kd.Core.Randomness;
using Kd.Tests;

namespace Kd.Faults;

/// <summary>The undisturbed run that all others must equal, and the seed of the disturbances (KD_SEED, else 1).</summary>
public sealed class Reference : IAsyncLifetime
{
    private static readonly ulong s_seed = ulong.Parse(Environment.GetEnvironmentVariable("KD_SEED") ?? "1", CultureInfo.InvariantCulture);

    /// <summary>Its weights and measurements.</summary>
    public IReadOnlyList<string> Result { get; private set; } = [];

    /// <summary>Creates a generator for one test.</summary>
    internal static CounterRandom Draw(ulong test) => new(s_seed, test);

    public async ValueTask InitializeAsync()
    {
        using var folder = TestFiles.CreateFolder();
        using var system = FaultySystem.Start(folder.Path);
        await system.WaitForEndAsync();
        Result = system.Result();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>One system at a time.</summary>
[CollectionDefinition(nameof(OneSystem), DisableParallelization = true)]
public sealed class OneSystem : ICollectionFixture<Reference>;
