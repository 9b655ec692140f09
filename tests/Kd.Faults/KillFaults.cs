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
    public async Task Kill_AtRandomMoments_GivesTheSameWeights(string name, int kills)
    {
        var killed = 0;
        while (killed < kills)
        {
            await reference.AssertSameAsync(async system =>
            {
                // Sometimes in the first moments of a process, mostly later.
                for (; killed < kills; killed++)
                {
                    var random = Reference.Draw(name, killed);
                    await Task.Delay(random.NextInt32(random.NextInt32(4) == 0 ? 300 : 4000), TestContext.Current.CancellationToken);
                    if (system.HasEnded)
                        break;
                    system.Kill(name);
                    system.StartAgain(name);
                }
            });
        }
    }

    [Fact]
    public Task Kill_EachProcessOnce_GivesTheSameWeights() =>
        reference.AssertSameAsync(async system =>
        {
            await system.WaitForStepsAsync();
            foreach (var name in FaultySystem.Names)
            {
                Assert.False(system.HasEnded, "the run was over too early");
                system.Kill(name);
                system.StartAgain(name);
            }
        });
}
