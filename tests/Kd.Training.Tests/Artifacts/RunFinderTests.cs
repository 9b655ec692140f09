using Kd.Tests;
using Kd.Training.Artifacts;
using Kd.Training.Configuration;
using Kd.Training.Diagnostics;

namespace Kd.Training.Tests.Artifacts;

public sealed class RunFinderTests
{
    // The same command again, while the process before it is still shutting down.
    [Theory]
    [InlineData(null)]
    [InlineData("before")]
    public async Task Open_RunWhoseProcessIsAboutToEnd_IsContinued(string? name)
    {
        using var folder = TestFiles.CreateFolder();
        var ending = Lock(folder, "before");
        var notes = new List<string>();

        var opening = Task.Run(() => new RunFinder(Configuration(folder, name), TimeProvider.System).Open(notes.Add, TestContext.Current.CancellationToken));
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Assert.False(opening.IsCompleted);
        ending.Dispose();

        var (id, found) = await opening.WaitAsync(TimeSpan.FromSeconds(9), TestContext.Current.CancellationToken);
        found.Dispose();
        Assert.Equal("before", id);
        Assert.Contains("another process works on the run", Assert.Single(notes));
    }

    [Fact]
    public void Open_RunThatAnotherProcessKeeps_IsNotTaken()
    {
        using var folder = TestFiles.CreateFolder();
        using var kept = Lock(folder, "before");

        var error = Assert.Throws<TrainingException>(() => new RunFinder(Configuration(folder, "before"), new HastyTime()).Open(_ => { }, default));

        Assert.Contains("Another process is working on the run", error.Message);
    }

    // Each look at the clock finds it four seconds later.
    private sealed class HastyTime : TimeProvider
    {
        private long _now;

        public override long GetTimestamp() => _now += 4 * TimestampFrequency;
    }

    private static RunFolder Lock(TemporaryFolder folder, string name)
    {
        var run = RunFolder.Open(folder.File(name));
        Assert.True(run.TryLock());
        run.WriteJson(RunFolder.ConfigurationFile, Configuration(folder, null));
        return run;
    }

    private static RunConfiguration Configuration(TemporaryFolder folder, string? name)
    {
        var configuration = RunConfiguration.CreateDefault();
        (configuration.Run.Folder, configuration.Run.Id) = (folder.Path, name);
        return configuration;
    }
}
