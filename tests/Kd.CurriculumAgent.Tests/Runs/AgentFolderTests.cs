using Kd.CurriculumAgent.Runs;
using Kd.Tests;

namespace Kd.CurriculumAgent.Tests.Runs;

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
