using Kd.Core.Randomness;
using Kd.Settings;
using Kd.Tests;
using Kd.Training.Batches;
using Kd.Training.Configuration;
using Kd.Training.Diagnostics;
using Kd.Training.Students;
using Kd.Vision.Checkpoints;
using Kd.Vision.Runtime;
using TorchSharp;

namespace Kd.Training.Tests.Students;

[Collection(nameof(OneTrainer))]
public sealed class StudentTests
{
    private const int Classes = 4;
    private static readonly string[] s_classes = ["a", "b", "c", "d"];
    private static readonly TrainingProgress s_start = new(0, 4);

    public StudentTests() => TorchRuntime.EnsureLoaded();

    // The reference measures difficulty in evaluation mode and stays in it for the rest of the epoch.
    [Fact]
    public void Step_AfterDifficultyAndPrediction_IsTheSameToTheBit()
    {
        Assert.Equal(
            TrainTwoSteps(_ => { }),
            TrainTwoSteps(student =>
            {
                student.MeasureDifficulty(Batch(seed: 7));
                student.Predict(Batch(seed: 8));
            })
        );
    }

    [Fact]
    public void MeasureDifficulty_NewStudent_ChangesNoWeightAndNoStatistic()
    {
        using var student = NewStudent();
        var before = Saved(student);
        Assert.All(student.MeasureDifficulty(Batch(seed: 7)), difficulty => Assert.InRange(difficulty, 0, 1));
        Assert.Equal(before, Saved(student));
    }

    // Several runs in one process: a number that one of them sets must not become that of the next.
    [Fact]
    public void Create_WithoutThreads_UsesAsManyAsTorchChose()
    {
        TorchRuntime.SetThreads(0);
        var own = torch.get_num_threads();
        Assert.Equal(own + 1, ThreadsOf(own + 1));
        Assert.Equal(own, ThreadsOf(0));

        static int ThreadsOf(int setting)
        {
            var configuration = RunConfiguration.CreateDefault();
            (configuration.Run.Threads, configuration.Student.Width) = (setting, 0.1);
            using var student = Student.Create(configuration, Methods.Labels, Classes, 32);
            return torch.get_num_threads();
        }
    }

    [Fact]
    public void Step_LossThatIsNotFinite_StopsWithTheStepAndAdvice()
    {
        using var student = NewStudent();
        var batch = Batch(seed: 1);
        batch.TeacherLogits![3] = float.NaN;
        var error = Assert.Throws<TrainingException>(() => student.Step(batch, s_start));
        Assert.Contains("at step 0", error.Message);
        Assert.Contains("Training:LearningRate", error.Message);
    }

    [Fact]
    public void Step_SameBatchManyTimes_LearnsIt()
    {
        using var student = NewStudent(Methods.Labels);
        var batch = Batch(seed: 1);
        var first = student.Step(batch, s_start).Loss;
        var last = 0f;
        for (var i = 0; i < 30; i++)
            last = student.Step(batch, s_start).Loss;
        Assert.InRange(first, 1.0, 2.5);
        Assert.InRange(last, 0, 0.5 * first);
    }

    // Every method with every optimizer, clipping, averaging, smoothing and warm-up: half of the steps, a checkpoint in another student, the other half.
    [Theory]
    [InlineData(Methods.Labels, "adam")]
    [InlineData(Methods.Mixed, "adamw")]
    [InlineData(Methods.Kd, "sgd")]
    [InlineData(Methods.Decoupled, "adam")]
    [InlineData(Methods.Relations, "sgd")]
    [InlineData(Methods.LearnedTemperature, "adamw")]
    public void Restore_InTheMiddle_GoesOnToTheBit(string method, string optimizer)
    {
        var training = new TrainingOptions
        {
            Optimizer = optimizer,
            LearningRate = 0.01,
            AverageDecay = 0.9,
            GradientClip = 1,
            LabelSmoothing = 0.1,
            Schedule = TrainingOptions.Cosine,
            WarmupEpochs = 3,
            NormMomentum = 0.2,
        };
        using var straight = NewStudent(method, training);
        using var first = NewStudent(method, training);
        using var second = NewStudent(method, training);
        var untrained = Saved(straight);
        for (var step = 0; step < 8; step++)
        {
            straight.Step(Batch(seed: step), new TrainingProgress(step, 4));
            (step < 4 ? first : second).Step(Batch(seed: step), new TrainingProgress(step, 4));
            if (step == 3)
                second.Restore(first.Steps, new Vision.Checkpoints.Checkpoint("", first.Capture(), new Dictionary<string, string>()));
        }

        Assert.Equal(8, second.Steps);
        Assert.Equal(Saved(straight), Saved(second));
        Assert.NotEqual(untrained, Saved(second));
        var (expected, actual) = (straight.Capture(), second.Capture());
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        Assert.All(expected, entry => Assert.Equal(entry.Value.Bytes.ToArray(), actual[entry.Key].Bytes.ToArray()));
    }

    [Theory]
    [InlineData(Methods.Kd, "adam", "Float32")]
    [InlineData(Methods.Kd, "adam", "BFloat16")]
    [InlineData(Methods.LearnedTemperature, "sgd", "Float32")]
    public void Step_ManyTimes_LeavesNoTensorBehind(string method, string optimizer, string precision)
    {
        using var student = NewStudent(
            method,
            new TrainingOptions
            {
                Optimizer = optimizer,
                GradientClip = 1,
                AverageDecay = 0.9,
                Precision = Enum.Parse<TrainingPrecision>(precision),
            }
        );
        var batch = Batch(seed: 1);
        Run(3);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        Run(20);

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);

        void Run(int steps)
        {
            for (var step = 0; step < steps; step++)
            {
                student.Step(batch, new TrainingProgress(step, 4, 0.5));
                student.MeasureNorms([batch]);
                student.Predict(batch);
                student.MeasureDifficulty(batch);
                student.Capture();
            }
        }
    }

    [Fact]
    public void Step_BFloat16_LearnsLikeFloat32AndGoesOnFromACheckpointToTheBit()
    {
        var training = Adam();
        training.Precision = TrainingPrecision.BFloat16;
        using var single = NewStudent(Methods.Kd, Adam());
        using var mixed = NewStudent(Methods.Kd, training);
        using var resumed = NewStudent(Methods.Kd, training);
        var batch = Batch(seed: 1);
        var losses = new List<(float Single, float Mixed)>();
        for (var step = 0; step < 20; step++)
        {
            losses.Add((single.Step(batch, new TrainingProgress(0, 4)).Loss, mixed.Step(batch, new TrainingProgress(0, 4)).Loss));
            if (step == 9)
                resumed.Restore(mixed.Steps, new Vision.Checkpoints.Checkpoint("", mixed.Capture(), new Dictionary<string, string>()));
            if (step > 9)
                resumed.Step(batch, new TrainingProgress(0, 4));
        }

        Assert.InRange(Math.Abs(losses[0].Mixed / losses[0].Single - 1), 1e-7, 0.03);
        Assert.InRange(losses[^1].Mixed, 0, 0.5 * losses[0].Mixed);
        Assert.Equal(Saved(mixed), Saved(resumed));
        Assert.All(mixed.Capture().Values, tensor => Assert.NotEqual(TorchSharp.torch.ScalarType.BFloat16, tensor.Type));
    }

    [Fact]
    public void Step_SmallerScale_SeesASmallerInput()
    {
        using var full = NewStudent();
        using var small = NewStudent();
        Assert.NotEqual(full.Step(Batch(seed: 1), s_start).Loss, small.Step(Batch(seed: 1), s_start with { Scale = 0.5 }).Loss);
    }

    [Fact]
    public void MeasureNorms_AfterSmallSteps_GivesTheStatisticsOfTheFullSizeWhateverWasThereBefore()
    {
        using var student = NewStudent();
        for (var step = 0; step < 5; step++)
            student.Step(Batch(seed: step), s_start with { Scale = 0.5 });
        var before = student.Predict(Batch(seed: 9));

        student.MeasureNorms([Batch(seed: 1), Batch(seed: 2)]);
        var measured = student.Predict(Batch(seed: 9));
        student.MeasureNorms([Batch(seed: 3)]);
        student.MeasureNorms([Batch(seed: 1), Batch(seed: 2)]);

        Assert.NotEqual(before, measured);
        Assert.Equal(measured, student.Predict(Batch(seed: 9)));
    }

    // A measurement in evaluation mode would put unvisited samples on another scale than visited ones.
    [Fact]
    public void MeasureDifficulty_BatchOfAStep_IsThatOfTheStepButForDropout()
    {
        using var student = NewStudent();
        for (var step = 0; step < 20; step++)
            student.Step(Batch(seed: 1), s_start);
        var measured = student.MeasureDifficulty(Batch(seed: 1)).Average();
        var stepped = student.Step(Batch(seed: 1), s_start).Difficulty!.Average();
        Assert.Equal(stepped, measured, 0.05);
    }

    // The statistics are those of the twin that computes in bfloat16.
    [Fact]
    public void Step_BFloat16_KeepsTheMomentumOfTheNorms()
    {
        using var slow = NewStudent(Methods.Kd, Mixed(0.1));
        using var fast = NewStudent(Methods.Kd, Mixed(0.9));
        slow.Step(Batch(seed: 1), s_start);
        fast.Step(Batch(seed: 1), s_start);
        Assert.NotEqual(slow.Predict(Batch(seed: 2)), fast.Predict(Batch(seed: 2)));

        static TrainingOptions Mixed(double momentum) => new() { Precision = TrainingPrecision.BFloat16, NormMomentum = momentum };
    }

    // With averaged weights, too: the average begins at the loaded weights.
    [Theory]
    [InlineData(0)]
    [InlineData(0.9)]
    public void StartFrom_WeightsOfAnotherStudent_PredictsAsItDoes(double average)
    {
        using var folder = TestFiles.CreateFolder();
        using var trained = NewStudent();
        trained.Step(Batch(seed: 1), s_start);
        trained.Save(folder.File("student.safetensors"), s_classes);
        using var student = NewStudent(training: new TrainingOptions { AverageDecay = average });

        var said = student.StartFrom(folder.File("student.safetensors"), s_classes);

        Assert.Equal($"starts from '{folder.File("student.safetensors")}'; all layers are loaded", said);
        Assert.Equal(trained.Predict(Batch(seed: 2)), student.Predict(Batch(seed: 2)));
    }

    // Names and shapes of the weights are the same, and the accuracy would be wrong without a word.
    [Fact]
    public void Load_StudentOfAnotherForm_IsRefused()
    {
        using var folder = TestFiles.CreateFolder();
        using var small = NewStudent();
        small.Save(folder.File("student.safetensors"), s_classes);
        var configuration = RunConfiguration.CreateDefault();
        (configuration.Student.Width, configuration.Student.Form) = (0.1, StudentForm.Standard);
        using var standard = Student.Create(configuration, Methods.Labels, Classes, 16);

        var error = Assert.Throws<CheckpointException>(() => standard.Load(folder.File("student.safetensors"), s_classes));

        Assert.Contains("it was trained with Student:Form=Small", error.Message);
    }

    [Theory]
    [InlineData("sgd")]
    [InlineData("adam")]
    [InlineData("adamw")]
    public void Step_BackboneRate0_MovesOnlyTheLastLayer(string optimizer)
    {
        using var student = NewStudent(
            training: new TrainingOptions
            {
                Optimizer = optimizer,
                LearningRate = 0.01,
                BackboneRate = 0,
            }
        );
        var before = Parameters(student);
        student.Step(Batch(seed: 1), s_start);
        var moved = Parameters(student).Where(entry => !entry.Value.Bytes.Span.SequenceEqual(before[entry.Key].Bytes.Span)).Select(entry => entry.Key);
        Assert.Equal(["classifier.1.bias", "classifier.1.weight"], moved.Order(StringComparer.Ordinal));

        static Dictionary<string, TensorData> Parameters(Student student) =>
            student.Evaluated.named_parameters().ToDictionary(entry => entry.name, entry => TensorData.From(entry.parameter));
    }

    // With plain SGD the first step is the rate times the gradient.
    [Fact]
    public void Step_BackboneRate_ScalesTheStepsOfAllOtherLayers()
    {
        var (full, tenth) = (FirstMove(1), FirstMove(0.1));
        Assert.Equal(0.1, tenth.Body / full.Body, 1e-3);
        Assert.Equal(1, tenth.Last / full.Last, 1e-3);

        static (double Body, double Last) FirstMove(double factor)
        {
            var training = new TrainingOptions
            {
                BackboneRate = factor,
                LearningRate = 0.01,
                WeightDecay = 0,
                Momentum = 0,
                Nesterov = false,
            };
            using var student = NewStudent(training: training);
            var before = Moved(student);
            student.Step(Batch(seed: 1), s_start);
            var after = Moved(student);
            return (Length(before.First, after.First), Length(before.Last, after.Last));
        }

        static (float[] First, float[] Last) Moved(Student student)
        {
            var parameters = student.Evaluated.parameters().ToList();
            return (Values(parameters[0]), Values(parameters[^2]));
        }

        static float[] Values(torch.Tensor parameter) => parameter.detach().contiguous().data<float>().ToArray();

        static double Length(float[] before, float[] after) => Math.Sqrt(before.Zip(after).Sum(pair => Math.Pow(pair.Second - pair.First, 2)));
    }

    private byte[] TrainTwoSteps(Action<Student> between)
    {
        using var student = NewStudent();
        student.Step(Batch(seed: 1), s_start);
        between(student);
        student.Step(Batch(seed: 2), new TrainingProgress(15, 4));
        return Saved(student);
    }

    // Learns one batch in a few steps.
    private static TrainingOptions Adam() =>
        new()
        {
            Optimizer = "adam",
            LearningRate = 0.01,
            Schedule = TrainingOptions.Cosine,
            WeightDecay = 1e-4,
            DecayNorms = true,
            GradientClip = 0,
        };

    private static Student NewStudent(string method = Methods.Kd, TrainingOptions? training = null) =>
        Student.Create(
            RunConfiguration.CreateDefault() with
            {
                Run = new() { Seed = 4 },
                Student = new() { Width = 0.1 },
                Training = training ?? Adam(),
                Distillation = new() { Method = method },
                Device = "cpu",
            },
            method,
            Classes,
            16
        );

    private static byte[] Saved(Student student)
    {
        using var folder = TestFiles.CreateFolder();
        student.Save(folder.File("student.safetensors"), s_classes);
        return File.ReadAllBytes(folder.File("student.safetensors"));
    }

    private static ReadyBatch Batch(int seed)
    {
        const int count = 8,
            size = 16;
        var values = new CounterRandom((ulong)seed, 0);
        var pixels = new byte[count * 3 * size * size];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)values.NextInt32(256);
        var logits = new float[count * Classes];
        for (var i = 0; i < logits.Length; i++)
            logits[i] = (float)values.NextGaussian();
        return new ReadyBatch
        {
            Samples = [.. Enumerable.Range(0, count)],
            Labels = [.. Enumerable.Range(0, count).Select(i => (long)(i % Classes))],
            Pixels = pixels,
            ViewSize = size,
            TeacherLogits = logits,
        };
    }
}
