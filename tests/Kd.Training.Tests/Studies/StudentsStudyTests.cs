using System.Globalization;
using System.Text.Json;
using Kd.Settings;
using Kd.Tests;
using Kd.Training.Artifacts;

namespace Kd.Training.Tests.Studies;

[Collection(nameof(OneTrainer))]
public sealed class StudentsStudyTests
{
    [Fact]
    public async Task Execute_StudentsOfThreeFamilies_ShareTheLabelsAndAreComparedBySizeAndTime()
    {
        using var folder = TestFiles.CreateFolder();
        using var redis = RedisServer.Start("garnet");
        await using var teacher = await TrainerRuns.StartTeacherAsync($"--ConnectionStrings:cache=127.0.0.1:{redis.Port}");
        string[] settings =
        [
            "--Run:Study=students",
            "--Student:Compare=mobilenet_v2:0.1,mobilenet_v3_small:0.5,shufflenet_v2_x0_5",
            $"--TeacherClient:Address={teacher.Grpc}",
        ];

        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "study", settings));

        var rows = JsonSerializer.Deserialize<List<RunResult>>(File.ReadAllText(folder.File("study/study.json")), JsonSerializerOptions.Web)!;
        string[] names = ["mobilenet_v2-x0.1", "mobilenet_v3_small-x0.5", "shufflenet_v2_x0_5"];
        Assert.Equal(["teacher", .. names], rows.Select(row => row.Method));
        // Two views of 144 samples are labeled for the student that starts first, the last one, and none for the others.
        Assert.Equal([0, 0, 2 * 144], rows.Skip(1).Select(row => row.TeacherComputed));
        var table = File.ReadAllLines(folder.File("study/study.md"))
            .Where(line => line.StartsWith('|'))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .ToList();
        Assert.Equal(["student", "test accuracy %", "last epoch %", "student.onnx MB", "ms a picture"], table[0][1..6]);
        foreach (var (index, name) in names.Index())
        {
            var cells = table.Single(cells => cells[1] == name);
            Assert.Equal(rows[index + 1].TestAccuracy, double.Parse(cells[2], CultureInfo.InvariantCulture), 0.01);
            Assert.Equal(new FileInfo(folder.File($"study/{name}/student.onnx")).Length / 1e6, double.Parse(cells[4], CultureInfo.InvariantCulture), 0.01);
            Assert.True(double.Parse(cells[5], CultureInfo.InvariantCulture) > 0);
            Assert.Contains(name, File.ReadAllText(folder.File("study/students-size.svg")));
            Assert.Contains(name, File.ReadAllText(folder.File("study/students-time.svg")));
        }

        // Continued after its folders were cleared: nothing is trained again, and the table has what is known.
        File.Delete(folder.File("study/mobilenet_v2-x0.1/student.onnx"));
        Assert.Equal(0, await TrainerRuns.RunAsync(folder.Path, "study", settings));
        Assert.Contains(
            "| - | - |",
            File.ReadAllLines(folder.File("study/study.md")).Single(line => line.StartsWith("| mobilenet_v2-x0.1 ", StringComparison.Ordinal))
        );

        var mistake = await Assert.ThrowsAsync<SettingsException>(() =>
            TrainerRuns.RunAsync(folder.Path, "other", [.. settings, "--Student:Compare=resnet19,resnet18"])
        );
        Assert.Contains("Student:Compare is 'resnet19,resnet18'", mistake.Message);
    }
}
