using Kd.StudentTrainer.Runs;
using Kd.Vision.Checkpoints;
using Kd.Vision.Distillation;
using Kd.Vision.Models;
using Kd.Vision.Optimization;
using Kd.Vision.Views;
using Kd.Vision.Runtime;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.StudentTrainer.Training;

/// <summary>The network in training, with its optimiser. Used from one thread.</summary>
internal sealed class Student : IDisposable
{
    private readonly Module<Tensor, Tensor> _network;
    private readonly Adam _optimizer;
    private readonly Device _device;
    private readonly TrainingOptions _training;
    private readonly long _seed;

    private Student(Module<Tensor, Tensor> network, Device device, TrainingOptions training, long seed)
    {
        (_network, _device, _training, _seed) = (network.to(device), device, training, seed);
        ChannelsLast.Apply(_network);
        _optimizer = new Adam(_network.parameters(), training.LearningRate, training.WeightDecay);
    }

    /// <summary>Steps taken.</summary>
    public long Steps { get; private set; }

    /// <summary>Number of weights.</summary>
    public long Parameters => _network.parameters().Sum(parameter => parameter.numel());

    /// <exception cref="TrainingException">The network or the device is not known.</exception>
    public static Student Create(StudentOptions options, TrainingOptions training, RunOptions run, string defaultDevice, int classes, int viewSize)
    {
        try
        {
            var device = TorchRuntime.ChooseDevice(string.IsNullOrEmpty(options.Device) ? defaultDevice : options.Device);
            if (run.Threads > 0)
                TorchRuntime.SetThreads(run.Threads);
            var small = options.Form == StudentForm.Small || (options.Form == StudentForm.Auto && viewSize <= ViewPlanner.LargestSmallSide);
            return new Student(ModelCatalog.Create(options.Architecture, classes, run.Seed, options.Width, small), device, training, run.Seed);
        }
        catch (ArgumentException error)
        {
            throw new TrainingException(error.Message, error);
        }
    }

    /// <summary>One step of training.</summary>
    /// <param name="batch">Pixels, labels and, for every method but labels, teacher logits.</param>
    /// <param name="lesson">Method and temperature.</param>
    /// <param name="progress">Share of the run that is done, 0 to 1.</param>
    /// <returns>The loss and, where there are teacher logits, each sample's difficulty.</returns>
    /// <exception cref="TrainingException">The loss is not finite.</exception>
    public StepResult Step(Batches.ReadyBatch batch, Lesson lesson, double progress)
    {
        using var scope = NewDisposeScope();
        // Dropout draws from torch's global generator: seeded by the step, it does not depend on what ran before.
        random.manual_seed((long)(CounterRandom.Mix((ulong)_seed, 0xD40F, (ulong)Steps) >> 1));
        _optimizer.LearningRate = CosineSchedule.At(_training.LearningRate, _training.FinalLearningRate, progress);
        _network.train();
        _optimizer.ZeroGradients();
        var images = Normalization.ToInput(batch.Pixels.Span, batch.Count, batch.ViewSize, _device);   // [N, 3, H, W]
        var logits = _network.call(images);                                                            // [N, C]
        var teacher = batch.TeacherLogits is { } values ? tensor(values, device: _device).reshape(batch.Count, -1) : null;
        var loss = Loss(logits, teacher, batch, lesson);
        var value = loss.Single();
        if (!float.IsFinite(value))
            throw new TrainingException($"The loss is {value} at step {Steps} (step size {_optimizer.LearningRate:G3}, temperature {lesson.Temperature}). The last checkpoint is kept; try a smaller Training:LearningRate.");
        loss.backward();
        _optimizer.Step();
        Steps++;
        return new StepResult(value, teacher is null ? null : MeasureDifficulty(teacher, logits));
    }

    /// <summary>Logits without gradients, in evaluation mode; the mode that was found is restored.</summary>
    /// <returns>Row-major [N, C].</returns>
    public float[] Predict(Batches.ReadyBatch batch)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        return Evaluated(() => _network.call(Normalization.ToInput(batch.Pixels.Span, batch.Count, batch.ViewSize, _device)).cpu().data<float>().ToArray());
    }

    /// <summary>Difficulty of samples that were not trained on, without gradients; mode and batch-norm statistics stay as they are.</summary>
    public float[] MeasureDifficulty(Batches.ReadyBatch batch)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var teacher = tensor(batch.TeacherLogits ?? throw new InvalidOperationException("A batch for difficulty lacks teacher logits."), device: _device).reshape(batch.Count, -1);
        return Evaluated(() => MeasureDifficulty(teacher, _network.call(Normalization.ToInput(batch.Pixels.Span, batch.Count, batch.ViewSize, _device))));
    }

    /// <summary>Writes the weights under torchvision's names.</summary>
    public void Save(string path, IReadOnlyList<string> classes) =>
        SafetensorsFile.Write(path, ModuleState.Save(_network), new Dictionary<string, string> { [Checkpoint.ClassesKey] = string.Join('\n', classes) });

    /// <summary>Loads weights that <see cref="Save"/> wrote.</summary>
    public void Load(string path) => ModuleState.Load(_network, Checkpoint.Read(path));

    public void Dispose()
    {
        _optimizer.Dispose();
        _network.Dispose();
    }

    private static float[] MeasureDifficulty(Tensor teacher, Tensor logits) => Difficulty.Measure(teacher, logits).cpu().data<float>().ToArray();

    private Tensor Loss(Tensor logits, Tensor? teacher, Batches.ReadyBatch batch, Lesson lesson)
    {
        if (lesson.Method == Methods.Labels)
            return functional.cross_entropy(logits, Labels());
        if (teacher is null)
            throw new InvalidOperationException($"The method {lesson.Method} needs teacher logits.");
        return lesson.Method == Methods.Mixed
            ? DistillationLoss.Mixed(logits, teacher, Labels(), lesson.Temperature, lesson.Alpha)
            : DistillationLoss.Soft(logits, teacher, lesson.Temperature);

        Tensor Labels() => tensor(batch.Labels, device: _device);
    }

    private T Evaluated<T>(Func<T> work)
    {
        var training = _network.training;
        _network.eval();
        try
        {
            return work();
        }
        finally
        {
            _network.train(training);
        }
    }
}

/// <summary>What a step learns from.</summary>
/// <param name="Method">One of <see cref="Methods"/>.</param>
/// <param name="Temperature">Softmax temperature.</param>
/// <param name="Alpha">Weight of the labels in the method mixed.</param>
internal sealed record Lesson(string Method, double Temperature, double Alpha);

/// <summary>What a step gave.</summary>
/// <param name="Loss">Mean loss of the batch.</param>
/// <param name="Difficulty">Per sample, or null without a teacher.</param>
internal readonly record struct StepResult(float Loss, float[]? Difficulty);
