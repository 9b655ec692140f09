using System.Diagnostics;
using Kd.Core.Randomness;
using Kd.StudentTrainer.Batches;
using Kd.StudentTrainer.Runs;
using Kd.Vision.Checkpoints;
using Kd.Vision.Distillation;
using Kd.Vision.Models;
using Kd.Vision.Optimization;
using Kd.Vision.Runtime;
using Kd.Vision.Views;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.StudentTrainer.Training;

/// <summary>The network in training, with its optimiser. Used from one thread.</summary>
internal sealed class Student : IDisposable
{
    private const string ModelPrefix = "model.",
        AveragePrefix = "average.",
        OptimizerPrefix = "optimizer.",
        LearntName = "loss.learnt";
    private readonly Module<Tensor, Tensor> _network;
    private readonly Module<Tensor, Tensor> _evaluated;
    private readonly WeightAverage? _average;
    private readonly BFloat16Twin? _twin;
    private readonly Optimizer _optimizer;
    private readonly LossFunction _loss;
    private readonly Device _device;
    private readonly TrainingOptions _training;
    private readonly long _seed;

    private Student(Func<Module<Tensor, Tensor>> create, LossFunction loss, Device device, TrainingOptions training, long seed)
    {
        (_loss, _device, _training, _seed) = (loss, device, training, seed);
        _network = Prepare(create());
        _evaluated = training.AverageDecay > 0 ? Prepare(create()) : _network;
        _average = training.AverageDecay > 0 ? new WeightAverage(_evaluated, _network, training.AverageDecay) : null;
        _twin = training.Precision == TrainingPrecision.BFloat16 ? new BFloat16Twin(create().to(device), _network) : null;
        var parameters = _network.parameters().Concat(loss.Learnt is { } learnt ? [learnt] : []);
        _optimizer =
            training.Optimizer == "sgd"
                ? new Sgd(parameters, training.LearningRate, training.WeightDecay, training.Momentum)
                : new Adam(parameters, training.LearningRate, training.WeightDecay, decoupled: training.Optimizer == "adamw");

        Module<Tensor, Tensor> Prepare(Module<Tensor, Tensor> network)
        {
            ChannelsLast.Apply(network.to(device));
            return network;
        }
    }

    /// <summary>Steps taken.</summary>
    public long Steps => _optimizer.Steps;

    /// <summary>Number of weights.</summary>
    public long Parameters => _network.parameters().Sum(parameter => parameter.numel());

    /// <summary>The network that is evaluated and saved.</summary>
    internal Module<Tensor, Tensor> Evaluated => _evaluated;

    /// <exception cref="TrainingException">The network or the device is not known.</exception>
    public static Student Create(RunConfiguration configuration, string method, int classes, int viewSize)
    {
        var (options, run) = (configuration.Student, configuration.Run);
        try
        {
            var device = TorchRuntime.ChooseDevice(string.IsNullOrEmpty(options.Device) ? configuration.Device : options.Device);
            if (run.Threads > 0)
                TorchRuntime.SetThreads(run.Threads);
            if (configuration.Training.Precision == TrainingPrecision.BFloat16 && !BFloat16Twin.IsSupported(device))
                throw new TrainingException($"Training:Precision is BFloat16, which the device {device} does not compute. Use Float32.");
            var small = options.Form == StudentForm.Small || (options.Form == StudentForm.Auto && viewSize <= ViewPlanner.LargestSmallSide);
            var loss = new LossFunction(configuration.Distillation, method, configuration.Training.LabelSmoothing, device);
            return new Student(
                () => ModelCatalog.Create(options.Architecture, classes, run.Seed, options.Width, small),
                loss,
                device,
                configuration.Training,
                run.Seed
            );
        }
        catch (ArgumentException error)
        {
            throw new TrainingException(error.Message, error);
        }
    }

    /// <summary>One step of training.</summary>
    /// <param name="batch">Pixels, labels and, for every method but labels, teacher logits.</param>
    /// <param name="moment">Where the run is.</param>
    /// <param name="weights">Each sample's weight in the loss, for the methods kd and kd-curriculum; null: all 1.</param>
    /// <param name="choose">Chooses, by their difficulty, rows whose predictions are wanted; null: none.</param>
    /// <returns>The loss; where there are teacher logits, each sample's difficulty; with weights, each sample's own loss.</returns>
    /// <exception cref="TrainingException">The loss is not finite.</exception>
    public StepResult Step(ReadyBatch batch, Moment moment, float[]? weights = null, Func<float[], int[]>? choose = null)
    {
        using var scope = NewDisposeScope();
        var started = Stopwatch.GetTimestamp();
        // Dropout draws from torch's global generator: seeded by the step, it does not depend on what ran before.
        random.manual_seed((long)(CounterRandom.Mix((ulong)_seed, 0xD40F, (ulong)Steps) >> 1));
        _optimizer.LearningRate = CosineSchedule.At(
            _training.LearningRate,
            _training.FinalLearningRate,
            moment.Epochs,
            _training.Epochs,
            _training.WarmupEpochs
        );
        _network.train();
        _optimizer.ZeroGradients();
        var images = Normalization.ToInput(batch.Pixels.Span, batch.Count, batch.ViewSize, _device); // [N, 3, H, W]
        var logits = _twin?.Call(images) ?? _network.call(images); // [N, C]
        var teacher = batch.TeacherLogits is { } values ? tensor(values, device: _device).reshape(batch.Count, -1) : null;
        var single = weights is null ? null : DistillationLoss.SoftPerSample(logits, teacher!, moment.Temperature); // [N]
        var loss = single is null
            ? _loss.Compute(logits, teacher, tensor(batch.Labels, device: _device), moment)
            : (single * tensor(weights!, device: _device)).mean();
        var value = loss.Single();
        if (!float.IsFinite(value))
            throw new TrainingException(
                $"The loss is {value} at step {Steps} (step size {_optimizer.LearningRate:G3}, temperature {moment.Temperature}). The last checkpoint is kept; try a smaller Training:LearningRate."
            );
        var computed = Stopwatch.GetTimestamp();
        loss.backward();
        _twin?.HandOverGradients();
        _loss.AfterBackward(moment);
        var derived = Stopwatch.GetTimestamp();
        if (_training.GradientClip > 0)
            _optimizer.ClipGradients(_training.GradientClip);
        _optimizer.Step();
        _average?.Update(Steps);
        var difficulty = teacher is null ? null : MeasureDifficulty(teacher, logits);
        var times = new StepTimes(0, 0, 0, 0, Seconds(started, computed), Seconds(computed, derived), Seconds(derived, Stopwatch.GetTimestamp()));
        var rows = difficulty is null ? null : choose?.Invoke(difficulty);
        var chosen = rows is { Length: > 0 }
            ? new ChosenRows(
                rows,
                logits
                    .detach()
                    .index_select(0, tensor(rows, dtype: int64, device: _device))
                    .to_type(ScalarType.Float32)
                    .softmax(1)
                    .cpu()
                    .data<float>()
                    .ToArray()
            )
            : null;
        return new StepResult(value, difficulty, single?.detach().cpu().data<float>().ToArray(), times, chosen);

        static double Seconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalSeconds;
    }

    /// <summary>Logits without gradients, in evaluation mode; the mode that was found is restored.</summary>
    /// <returns>Row-major [N, C].</returns>
    public float[] Predict(ReadyBatch batch)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        return InEvaluation(
            _evaluated,
            network => network.call(Normalization.ToInput(batch.Pixels.Span, batch.Count, batch.ViewSize, _device)).cpu().data<float>().ToArray()
        );
    }

    /// <summary>Difficulty of samples that were not trained on, without gradients; mode and batch-norm statistics stay as they are.</summary>
    public float[] MeasureDifficulty(ReadyBatch batch)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var teacher = tensor(batch.TeacherLogits ?? throw new InvalidOperationException("A batch for difficulty lacks teacher logits."), device: _device)
            .reshape(batch.Count, -1);
        return InEvaluation(
            _network,
            network => MeasureDifficulty(teacher, network.call(Normalization.ToInput(batch.Pixels.Span, batch.Count, batch.ViewSize, _device)))
        );
    }

    /// <summary>Writes the weights that are evaluated, under torchvision's names.</summary>
    public void Save(string path, IReadOnlyList<string> classes) =>
        SafetensorsFile.Write(path, ModuleState.Save(_evaluated), new Dictionary<string, string> { [Checkpoint.ClassesKey] = string.Join('\n', classes) });

    /// <summary>Loads weights, for evaluation only.</summary>
    /// <param name="path">What <see cref="Save"/> wrote, or a PyTorch state dict.</param>
    /// <param name="classes">The class names that the file must have, in their order, if it has any; null: any.</param>
    /// <exception cref="CheckpointException">The file has other classes, or does not fit the architecture.</exception>
    public void Load(string path, IReadOnlyList<string>? classes = null)
    {
        var checkpoint = Checkpoint.Read(path);
        if (classes is not null && checkpoint.ClassNames is { } trained && !trained.SequenceEqual(classes))
        {
            var other = trained.Zip(classes).TakeWhile(pair => pair.First == pair.Second).Count();
            throw new CheckpointException(
                path,
                $"it was trained for other classes: number {other + 1} is '{trained.ElementAtOrDefault(other)}', and '{classes.ElementAtOrDefault(other)}' in the dataset. Name the dataset that it was trained on (Dataset:Path)"
            );
        }

        ModuleState.Load(_evaluated, checkpoint);
    }

    /// <summary>Everything that the next steps depend on.</summary>
    public Dictionary<string, TensorData> Capture()
    {
        var entries = Prefixed(ModelPrefix, ModuleState.Entries(_network)).Concat(Prefixed(OptimizerPrefix, _optimizer.State));
        if (_average is not null)
            entries = entries.Concat(Prefixed(AveragePrefix, ModuleState.Entries(_evaluated)));
        if (_loss.Learnt is { } learnt)
            entries = entries.Append(new(LearntName, learnt));
        return entries.ToDictionary(entry => entry.Key, entry => TensorData.From(entry.Value));

        static IEnumerable<KeyValuePair<string, Tensor>> Prefixed(string prefix, IEnumerable<KeyValuePair<string, Tensor>> entries) =>
            entries.Select(entry => new KeyValuePair<string, Tensor>(prefix + entry.Key, entry.Value));
    }

    /// <summary>Goes on from what <see cref="Capture"/> gave.</summary>
    /// <param name="steps">Steps taken by then.</param>
    /// <param name="checkpoint">Its tensors.</param>
    public void Restore(long steps, Checkpoint checkpoint)
    {
        ModuleState.Load(_network, Part(ModelPrefix));
        if (_average is not null)
            ModuleState.Load(_evaluated, Part(AveragePrefix));
        _optimizer.Restore(steps, Part(OptimizerPrefix).Tensors);
        if (_loss.Learnt is not { } learnt)
            return;
        using var _ = no_grad();
        using var saved = checkpoint.Tensors[LearntName].ToTensor();
        learnt.copy_(saved);

        Checkpoint Part(string prefix) =>
            checkpoint with
            {
                Tensors = checkpoint
                    .Tensors.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))
                    .ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value),
            };
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _loss.Dispose();
        _average?.Dispose();
        _twin?.Dispose();
        _network.Dispose();
    }

    private static float[] MeasureDifficulty(Tensor teacher, Tensor logits) => Difficulty.Measure(teacher, logits).cpu().data<float>().ToArray();

    private static T InEvaluation<T>(Module<Tensor, Tensor> network, Func<Module<Tensor, Tensor>, T> work)
    {
        var training = network.training;
        network.eval();
        try
        {
            return work(network);
        }
        finally
        {
            network.train(training);
        }
    }
}

/// <summary>What a step gave.</summary>
/// <param name="Loss">Mean loss of the batch.</param>
/// <param name="Difficulty">Per sample, or null without a teacher.</param>
/// <param name="Losses">Per sample before weights, or null without weights.</param>
/// <param name="Times">Where its time went.</param>
/// <param name="Chosen">What the student took the chosen rows for, before the step; null: there are none.</param>
internal readonly record struct StepResult(float Loss, float[]? Difficulty, float[]? Losses, StepTimes Times, ChosenRows? Chosen = null);

/// <summary>Predictions of some rows of a batch.</summary>
/// <param name="Rows">Their indexes.</param>
/// <param name="Probabilities">Row-major [rows, C], at temperature 1.</param>
internal sealed record ChosenRows(int[] Rows, float[] Probabilities);
