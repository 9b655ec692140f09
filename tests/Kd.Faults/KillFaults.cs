using Kd.Core.Randomness;
using Kd.Tests;

namespace Kd.Faults;

/// <summary>Kills each process at random moments of a run; the same process is started again with the same command.</summary>
[Collection(nameof(OneSystem))]
public sealed class KillFaults(Reference reference)
{
    [Theory(Explicit = true)]
    [InlineData("cache", 50)]
    [InlineData("teacher1", 50)]
    [InlineData("agent", 50)]
    [InlineData("trainer", 50)]
    public Task Kill_AtRandomMoments_GivesTheSameWeights(string name, int kills) => KillAsync(name, kills);

    [Fact]
    public async Task Kill_EachProcessButTheAgentOnce_GivesTheSameWeights()
    {
        using var folder = TestFiles.CreateFolder();
        using var system = FaultySystem.Start(folder.Path);
        await system.WaitForStepsAsync();
        // Without the agent the last target holds, so that another one may be in force for a while, and the weights differ.
        foreach (var name in FaultySystem.Names.Where(name => name != "agent"))
        {
            Assert.False(system.HasEnded, "the run was over too early");
            system.Kill(name);
            system.StartAgain(name);
        }

        await system.WaitForEndAsync();
        Assert.Equal(reference.Result, system.Result());
    }

    private async Task KillAsync(string name, int kills)
    {
        var random = Reference.Draw((ulong)name.Length);
        for (var killed = 0; killed < kills; )
        {
            using var folder = TestFiles.CreateFolder();
            using var system = FaultySystem.Start(folder.Path);
            killed += await DisturbAsync(system, name, kills - killed, random);
            await system.WaitForEndAsync();
            Assert.Equal(reference.Result, system.Result());
            random = Reference.Draw((ulong)(name.Length + 100 * killed));
        }
    }

    // Sometimes in the first moments of a process, mostly later.
    private static async Task<int> DisturbAsync(FaultySystem system, string name, int most, CounterRandom random)
    {
        var killed = 0;
        for (; killed < most; killed++)
        {
            await Task.Delay(random.NextInt32(random.NextInt32(4) == 0 ? 300 : 4000), TestContext.Current.CancellationToken);
            if (system.HasEnded)
                break;
            system.Kill(name);
            system.StartAgain(name);
        }

        return killed;
    }
}
