using Kd.Tests;

namespace Kd.Faults;

/// <summary>Cuts, delays and freezes the connections between the processes.</summary>
[Collection(nameof(OneSystem))]
public sealed class NetworkFaults(Reference reference)
{
    [Theory(Explicit = true)]
    [InlineData("cache")]
    [InlineData("teachers")]
    [InlineData("one teacher")]
    [InlineData("agent")]
    public Task Cut_SeveralTimes_GivesTheSameWeights(string link) =>
        reference.AssertSameAsync(async system =>
        {
            await system.WaitForStepsAsync();
            for (var cut = 0; cut < 5 && !system.HasEnded; cut++)
            {
                foreach (var proxy in Links(system, link))
                    proxy.Cut();
                await Task.Delay(3000, TestContext.Current.CancellationToken);
                foreach (var proxy in Links(system, link))
                    proxy.Mend();
                await Task.Delay(2000, TestContext.Current.CancellationToken);
            }
        });

    [Theory(Explicit = true)]
    [InlineData("cache")]
    [InlineData("teachers")]
    [InlineData("agent")]
    public Task Delay_EachBlock_GivesTheSameWeights(string link) =>
        reference.AssertSameAsync(system =>
        {
            foreach (var proxy in Links(system, link))
                proxy.Delay = TimeSpan.FromMilliseconds(100);
            return Task.CompletedTask;
        });

    // Connections stay open and say nothing: the other side must notice by itself.
    [Theory(Explicit = true)]
    [InlineData("cache", 15)]
    [InlineData("teacher1", 40)]
    [InlineData("agent", 15)]
    public Task Freeze_Process_GivesTheSameWeights(string name, int seconds) =>
        reference.AssertSameAsync(async system =>
        {
            await system.WaitForStepsAsync();
            system.Signal(name, "STOP");
            await Task.Delay(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);
            system.Signal(name, "CONT");
        });

    private static IEnumerable<TcpProxy> Links(FaultySystem system, string link) =>
        link switch
        {
            "cache" => [system.CacheLink],
            "teachers" => system.TeacherLinks,
            "one teacher" => [system.TeacherLinks[0]],
            _ => [system.AgentLink],
        };
}
