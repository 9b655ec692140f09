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
}
