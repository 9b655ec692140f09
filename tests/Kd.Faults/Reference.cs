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

    /// <summary>Runs a system that is disturbed, and asserts that the run gives the same weights and measurements.</summary>
    /// <param name="disturb">The disturbance.</param>
    /// <param name="settings">Settings of the trainer that must not matter.</param>
    internal async Task AssertSameAsync(Func<FaultySystem, Task> disturb, params string[] settings)
    {
        using var folder = TestFiles.CreateFolder();
        using var system = FaultySystem.Start(folder.Path, settings);
        await disturb(system);
        await system.WaitForEndAsync();
        Assert.Equal(Result, system.Result());
    }

    /// <summary>Creates a generator for one disturbance.</summary>
    /// <param name="name">Name of the process.</param>
    /// <param name="number">Number of the disturbance.</param>
    internal static CounterRandom Draw(string name, int number) =>
        new(s_seed, CounterRandom.Mix((ulong)Array.IndexOf(FaultySystem.Names, name), (ulong)number));

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
