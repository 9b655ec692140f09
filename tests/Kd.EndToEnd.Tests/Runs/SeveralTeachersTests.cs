using System.Text.Json;
using Kd.EndToEnd.Tests.Hosting;
using Kd.Tests;

namespace Kd.EndToEnd.Tests.Runs;

[Collection(nameof(OneAppHost))]
public sealed class SeveralTeachersTests
{
    [Fact]
    public async Task Run_TwoTeachersOfTheirOwn_AreResourcesAndRowsOfTheStudy()
    {
        using var folder = TestFiles.CreateFolder();

        var (exitCode, output) = await AppHostProcess.RunAsync([
            .. AppHostProcess.Small,
            "--Teachers:0:Weights=random",
            "--Teachers:1:Weights=random",
            "--Teachers:1:Seed=2",
            "--Teachers:1:Replicas=2",
            "--Teacher:Threads=1",
            "--Distillation:TeacherWeights=2,1",
            "--Run:Study=students",
            "--Student:Compare=mobilenet_v2:0.1,mobilenet_v2:0.15",
            "--Run:Workers=1",
            "--Run:Threads=1",
            $"--Run:Folder={folder.Path}",
            "--Run:Id=study",
        ]);

        Assert.True(exitCode == 0, output);
        Assert.Matches("teacher-0 +[|] .*Serving cifar-resnet20", output);
        Assert.Matches("teacher-1-[a-z]+ +[|] .*Serving cifar-resnet20", output);
        Assert.Contains("| teacher-mean ", output);
        var rows = JsonDocument.Parse(File.ReadAllBytes(folder.File("study/study.json"))).RootElement.EnumerateArray().ToList();
        Assert.Equal(
            ["teacher-0", "teacher-1", "teacher-mean", "mobilenet_v2-x0.1", "mobilenet_v2-x0.15"],
            rows.Select(row => row.GetProperty("method").GetString())
        );
        Assert.Equal([96, 96, 192], rows.Take(3).Select(row => row.GetProperty("teacherComputed").GetInt32()));
        Assert.Matches(@"^0\.6667\*\w+\+0\.3333\*\w+$", rows[^1].GetProperty("teacherId").GetString());
    }
}
