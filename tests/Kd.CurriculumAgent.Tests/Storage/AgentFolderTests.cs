using Kd.CurriculumAgent.Hosting;
using Kd.CurriculumAgent.Storage;
using Kd.Tests;

namespace Kd.CurriculumAgent.Tests.Storage;

public sealed class AgentFolderTests
{
    [Fact]
    public void Build_StateFolderCannotBeCreated_FailsWithItsPath()
    {
        using var folder = TestFiles.CreateFolder();
        File.WriteAllText(folder.File("taken"), "");

        var error = Assert.Throws<AgentStateException>(() =>
            CurriculumExtensions.BuildCurriculumAgent([$"--Service:Key={RunningService.Key}", $"--Agent:StateFolder={folder.File("taken")}"])
        );

        Assert.Contains(folder.File("taken"), error.Message);
    }
}
