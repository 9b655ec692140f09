using System.Buffers.Binary;
using Kd.EndToEnd.Tests.Hosting;
using Kd.Tests;

namespace Kd.EndToEnd.Tests.Runs;

[Collection(nameof(OneAppHost))]
public sealed class TeacherTrainingTests
{
    private const int PerClass = 24,
        Side = 32;

    private static readonly string[] s_classes = ["blue sky", "grass", "rose"];

    // docs/data-and-weights.md, From a folder of pictures to a small model.
    [Fact]
    public async Task Run_FolderOfPictures_GivesATeacherThenItsStudentThenClasses()
    {
        using var folder = TestFiles.CreateFolder();
        WritePictures(folder.File("pictures"));
        string[] common = [$"--Dataset:Path={folder.File("pictures")}", "--Training:BatchSize=16", $"--Run:Folder={folder.Path}"];

        var (exitCode, output) = await AppHostProcess.RunAsync([
            .. common,
            "--Run:Task=teacher",
            "--Run:Id=my-teacher",
            "--Teacher:Architecture=cifar-resnet32",
            "--Training:Epochs=1",
        ]);

        Assert.True(exitCode == 0, output);
        Assert.DoesNotContain("Serving", output);
        Assert.Contains("of 3 classes; test is 10% of the training images", output);
        Assert.Contains("| labels ", output);

        (exitCode, output) = await AppHostProcess.RunAsync([
            .. common,
            "--Teacher:Weights=my-teacher",
            "--Run:Study=none",
            "--Run:Id=my-student",
            "--Distillation:Method=kd",
            "--Student:Width=0.1",
            "--Training:Epochs=1",
        ]);

        Assert.True(exitCode == 0, output);
        Assert.Contains("Serving cifar-resnet32", output);
        Assert.Contains("| kd ", output);

        (exitCode, output) = await AppHostProcess.RunAsync([
            "--Run:Task=predict",
            $"--Run:Checkpoint={folder.File("my-student/student.onnx")}",
            $"--Run:Pictures={folder.File("pictures/rose")}",
            $"--Run:Folder={folder.Path}",
        ]);

        Assert.True(exitCode == 0, output);
        Assert.DoesNotContain("Serving", output);
        var lines = File.ReadAllLines(Assert.Single(Directory.GetFiles(folder.File("predictions"), "*.csv")));
        Assert.Equal(1 + PerClass, lines.Length);
        Assert.All(lines[1..], line => Assert.Contains(s_classes, one => line.Contains($".bmp,{one},", StringComparison.Ordinal)));
    }

    // Of one color each: blue, green or red of some brightness.
    private static void WritePictures(string folder)
    {
        foreach (var (channel, name) in s_classes.Index())
        {
            var path = Directory.CreateDirectory(Path.Combine(folder, name)).FullName;
            for (var i = 0; i < PerClass; i++)
            {
                var pixels = new byte[3 * Side * Side];
                for (var pixel = 0; pixel < pixels.Length; pixel += 3)
                    pixels[pixel + channel] = (byte)(150 + i);
                File.WriteAllBytes(Path.Combine(path, $"{i}.bmp"), Bitmap(pixels));
            }
        }
    }

    private static byte[] Bitmap(byte[] pixels)
    {
        var header = new byte[54];
        (header[0], header[1], header[26], header[28]) = ((byte)'B', (byte)'M', 1, 24);
        foreach (var (offset, value) in new[] { (2, header.Length + pixels.Length), (10, header.Length), (14, 40), (18, Side), (22, Side) })
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(offset), value);
        return [.. header, .. pixels];
    }
}
