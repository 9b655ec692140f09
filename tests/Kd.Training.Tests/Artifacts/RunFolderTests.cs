using Kd.Tests;
using Kd.Training.Artifacts;

namespace Kd.Training.Tests.Artifacts;

public sealed class RunFolderTests
{
    // As two processes of a study do: each with a folder object of its own.
    [Fact]
    public async Task WriteAlone_SeveralWritersOfAFile_NoneFails()
    {
        using var folder = TestFiles.CreateFolder();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(() => Write(writer), TestContext.Current.CancellationToken)));

        Assert.Equal(1000, RunFolder.Open(folder.Path).ReadJson<List<int>>("shared.json")!.Count);

        void Write(int writer)
        {
            using var mine = RunFolder.Open(folder.Path);
            for (var i = 0; i < 20; i++)
                mine.WriteAlone(() => mine.WriteJson("shared.json", Enumerable.Repeat(writer, 1000)));
        }
    }

    // A power failure may tear the last line, or leave zeros where it should be.
    [Theory]
    [InlineData("{\"epoch\":3,\"lo")]
    [InlineData("\0\0\0\0\0\0")]
    public void TruncateMetrics_TornLine_IsDroppedAndLaterOnesFollow(string torn)
    {
        using var folder = TestFiles.CreateFolder();
        var run = RunFolder.Open(folder.Path);
        run.AppendMetrics(FinishedRuns.Epoch(1, accuracy: 40));
        run.AppendMetrics(FinishedRuns.Epoch(2, accuracy: 40));
        File.AppendAllText(folder.File(RunFolder.MetricsFile), torn);

        Assert.Equal([1, 2], run.ReadMetrics().Select(epoch => epoch.Epoch));
        Assert.Equal(2, run.TruncateMetrics(3));
        run.AppendMetrics(FinishedRuns.Epoch(3, accuracy: 40));
        Assert.Equal([1, 2, 3], run.ReadMetrics().Select(epoch => epoch.Epoch));
    }
}
