using Kd.StudentTrainer.Batches;
using Kd.StudentTrainer.Runs;
using Kd.StudentTrainer.Tests.Runs;
using Kd.StudentTrainer.Training;
using Kd.Tests;
using Kd.Vision.Runtime;

namespace Kd.StudentTrainer.Tests.Training;

[Collection(nameof(OneTrainer))]
public sealed class StudentTests
{
    private const int Classes = 4;
    private static readonly string[] s_classes = ["a", "b", "c", "d"];
    private readonly Lesson _lesson = new(Methods.Kd, 4, 0.6);

    public StudentTests() => TorchRuntime.EnsureLoaded();

    // The reference measures difficulty in evaluation mode and stays in it for the rest of the epoch.
    [Fact]
    public void Step_AfterDifficultyAndPrediction_IsTheSameToTheBit()
    {
        Assert.Equal(TrainTwoSteps(_ => { }), TrainTwoSteps(student =>
        {
            student.MeasureDifficulty(Batch(seed: 7));
            student.Predict(Batch(seed: 8));
        }));
    }

    [Fact]
    public void MeasureDifficulty_NewStudent_ChangesNoWeightAndNoStatistic()
    {
        using var student = NewStudent();
        var before = Saved(student);
        Assert.All(student.MeasureDifficulty(Batch(seed: 7)), difficulty => Assert.InRange(difficulty, 0, 1));
        Assert.Equal(before, Saved(student));
    }

    [Fact]
    public void Step_LossThatIsNotFinite_StopsWithTheStepAndAdvice()
    {
        using var student = NewStudent();
        var batch = Batch(seed: 1);
        batch.TeacherLogits![3] = float.NaN;
        var error = Assert.Throws<TrainingException>(() => student.Step(batch, _lesson, 0));
        Assert.Contains("at step 0", error.Message);
        Assert.Contains("Training:LearningRate", error.Message);
    }

    [Fact]
    public void Step_SameBatchManyTimes_LearnsIt()
    {
        using var student = NewStudent();
        var batch = Batch(seed: 1);
        var lesson = new Lesson(Methods.Labels, 4, 0.6);
        var first = student.Step(batch, lesson, 0).Loss;
        var last = 0f;
        for (var i = 0; i < 30; i++)
            last = student.Step(batch, lesson, 0).Loss;
        Assert.InRange(first, 1.0, 2.5);
        Assert.InRange(last, 0, 0.5 * first);
    }

    private byte[] TrainTwoSteps(Action<Student> between)
    {
        using var student = NewStudent();
        student.Step(Batch(seed: 1), _lesson, 0);
        between(student);
        student.Step(Batch(seed: 2), _lesson, 0.5);
        return Saved(student);
    }

    private static Student NewStudent() => Student.Create(
        new StudentOptions { Width = 0.1 }, new TrainingOptions { LearningRate = 0.01 }, new RunOptions { Seed = 4 }, "cpu", Classes, 16);

    private static byte[] Saved(Student student)
    {
        using var folder = TestFiles.CreateFolder();
        student.Save(folder.File("student.safetensors"), s_classes);
        return File.ReadAllBytes(folder.File("student.safetensors"));
    }

    private static ReadyBatch Batch(int seed)
    {
        const int count = 8, size = 16;
        var values = new Vision.Views.CounterRandom((ulong)seed, 0);
        var pixels = new byte[count * 3 * size * size];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)values.NextInt32(256);
        var logits = new float[count * Classes];
        for (var i = 0; i < logits.Length; i++)
            logits[i] = (float)values.NextGaussian();
        return new ReadyBatch([.. Enumerable.Range(0, count)], [.. Enumerable.Range(0, count).Select(i => (long)(i % Classes))], pixels, size, logits);
    }
}
