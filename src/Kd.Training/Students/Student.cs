using System.Diagnostics;
using Kd.Core.Randomness;
using Kd.Settings;
using Kd.Training.Batches;
using Kd.Training.Configuration;
using Kd.Training.Diagnostics;
using Kd.Vision.Checkpoints;
using Kd.Vision.Distillation;
using Kd.Vision.Models;
using Kd.Vision.Optimization;
using Kd.Vision.Runtime;
using Kd.Vision.Views;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Kd.Training.Students;

/// <summary>The network in training with its optimizer. Not thread-safe.</summary>
internal sealed class Student : IDisposable
{
    private const string ModelPrefix = "model.",
        AveragePrefix = "average.",
        OptimizerPrefix = "optimizer.",
        LearnedName = "loss.learnt";
    private readonly Module<Tensor, Tensor> _network;
    private readonly Module<Tensor, Tensor> _evaluated;
    private readonly WeightAverage? _average;
    private readonly BFloat16Twin? _twin;
    private readonly Optimizer _optimizer;
    private readonly NetworkForm _form;
    private readonly LossFunction _loss;
    private readonly Device _device;
    private readonly TrainingOptions _training;
    private readonly long _seed;

    private Student(Func<Module<Tensor, Tensor>> create, NetworkForm form, LossFunction loss, Device device, TrainingOptions training, long seed)
    {
        (_form, _loss, _device, _training, _seed) = (form, loss, device, training, seed);
        _network = Prepare(create());
        _evaluated = training.AverageDecay > 0 ? Prepare(create()) : _network;
        _average = training.AverageDecay > 0 ? new WeightAverage(_evaluated, _network, training.AverageDecay) : null;
        _twin = training.Precision == TrainingPrecision.BFloat16 ? new BFloat16Twin(create().to(device), _network) : null;
        _optimizer = OptimizerFactory.Create(_network, loss, training);

        Module<Tensor, Tensor> Prepare(Module<Tensor, Tensor> network)
        {
            ChannelsLast.Apply(network.to(device));
            NormStatistics.SetMomentum(network, training.NormMomentum);
            return network;
        }
    }

    /// <summary>Number of steps so far.</summary>
    public long Steps => _optimizer.Steps;

    /// <summary>Number of weights.</summary>
    public long Parameters => _network.parameters().Sum(parameter => parameter.numel());

    /// <summary>The network that is evaluated and saved.</summary>
    internal Module<Tensor, Tensor> Evaluated => _evaluated;

    /// <summary>Creates the network of the settings with its optimizer.</summary>
    /// <exception cref="TrainingException">The network or the device is not known.</exception>
    public static Student Create(RunConfiguration configuration, string method, int classes, int viewSize)
    {
        var (options, run) = (configuration.Student, configuration.Run);
        try
        {
            var device = TorchRuntime.ChooseDevice(string.IsNullOrEmpty(options.Device) ? configuration.Device : options.Device);
            // Also for 0: the run before in this process may have set another number.
            TorchRuntime.SetThreads(run.Threads);
            if (configuration.Training.Precision == TrainingPrecision.BFloat16 && !BFloat16Twin.IsSupported(device))
                throw new TrainingException($"Training:Precision is BFloat16, which the device {device} does not compute. Use Float32.");
            var small = options.Form == StudentForm.Small || (options.Form == StudentForm.Auto && viewSize <= ViewPlanner.LargestSmallSide);
            var loss = new LossFunction(configuration.Distillation, method, configuration.Training.LabelSmoothing, device);
            return new Student(
                () => ModelCatalog.Create(options.Architecture, classes, run.Seed, options.Width, small),
                new NetworkForm(options.Width, small, viewSize),
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

    /// <summary>Loads the weights to start from.</summary>
    /// <param name="path">A weights file of the same architecture.</param>
    /// <param name="classes">Class names of the dataset.</param>
    /// <returns>What was loaded.</returns>
    /// <exception cref="CheckpointException">The file cannot be read, or does not fit the network.</exception>
    public string StartFrom(string path, IReadOnlyList<string> classes)
    {
        var checkpoint = Checkpoint.Read(path);
        var left = PretrainedWeights.Load(_network, checkpoint, classes);
        if (_average is not null)
            ModuleState.Load(_evaluated, checkpoint with { Tensors = ModuleState.Save(_network) });
        return $"starts from '{path}'; {left ?? "all layers are loaded"}";
    }

    /// <summary>Performs one training step.</summary>
    /// <param name="batch">Pixels, labels and, for every method but labels, teacher logits.</param>
    /// <param name="progress">Progress of the run.</param>
    /// <param name="weights">Weight of each sample in the loss, for the methods kd and kd-curriculum; null: all 1.</param>
    /// <param name="choose">Chooses by difficulty the rows whose predictions are needed; null: none.</param>
    /// <returns>The loss; with teacher logits, the difficulty of each sample; with weights, the loss of each sample.</returns>
    /// <exception cref="TrainingException">The loss is not finite.</exception>
    public StepResult Step(ReadyBatch batch, TrainingProgress progress, float[]? weights = null, Func<float[], int[]>? choose = null)
    {
        using var scope = NewDisposeScope();
        var started = Stopwatch.GetTimestamp();
        Prepare(progress);
        var images = ToInput(batch, progress.Scale); // [N, 3, H, W]
        var logits = _twin?.Call(images) ?? _network.call(images); // [N, C]
        var teacher = batch.Answers?.ToTarget(batch.Count, _device);
        var single = weights is null ? null : DistillationLoss.SoftPerSample(logits, teacher!.At(progress.Temperature), progress.Temperature); // [N]
        var loss = single is null ? _loss.Compute(logits, teacher, tensor(batch.Labels, device: _device), progress) : WeightedMean(single, weights!);
        var value = Check(loss.Single(), progress);
        var computed = Stopwatch.GetTimestamp();
        loss.backward();
        _twin?.HandOverGradients();
        _loss.AfterBackward(progress);
        var derived = Stopwatch.GetTimestamp();
        if (_training.GradientClip > 0)
            _optimizer.ClipGradients(_training.GradientClip);
        _optimizer.Step();
        _average?.Update(Steps);
        var difficulty = teacher is null ? null : MeasureDifficulty(teacher, logits);
        var times = new StepTimes
        {
            Forward = Stopwatch.GetElapsedTime(started, computed).TotalSeconds,
            Backward = Stopwatch.GetElapsedTime(computed, derived).TotalSeconds,
            Optimizer = Stopwatch.GetElapsedTime(derived).TotalSeconds,
        };
        var chosen = difficulty is null || choose is null ? null : Predict(logits, choose(difficulty));
        return new StepResult(value, difficulty, single?.detach().cpu().data<float>().ToArray(), times, chosen);
    }

    /// <summary>Computes logits without gradients in evaluation mode, and restores the previous mode.</summary>
    /// <returns>Logits, row-major [N, C].</returns>
    public float[] Predict(ReadyBatch batch)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        return NormStatistics.InMode(_evaluated, training: false, network => network.call(ToInput(batch)).cpu().data<float>().ToArray());
    }

    /// <summary>Measures the statistics of batch normalization of the evaluated network anew, at the full size of the views, as means over batches.</summary>
    /// <remarks>Needed after steps at a smaller size, whose statistics differ.</remarks>
    public void MeasureNorms(IEnumerable<ReadyBatch> batches) => NormStatistics.Measure(_evaluated, batches, batch => ToInput(batch));

    /// <summary>
    /// Measures the difficulty of samples without training on them, as a step does: with dropout and the statistics of the batch, so that all difficulties have
    /// one scale. The running statistics do not change.
    /// </summary>
    public float[] MeasureDifficulty(ReadyBatch batch) => Measure(batch, CounterRandom.Mix(0xD1FF, (ulong)Steps), MeasureDifficulty);

    /// <summary>Measures the distillation loss at full size as a step does, with dropout and the statistics of the batch, but without training.</summary>
    /// <param name="batch">A batch with teacher logits.</param>
    /// <param name="temperature">Softmax temperature.</param>
    public double MeasureLoss(ReadyBatch batch, double temperature) =>
        Measure(batch, 0x9208E, (teacher, logits) => DistillationLoss.Soft(logits, teacher.At(temperature), temperature).Single());

    /// <summary>Writes the evaluated weights under torchvision's names.</summary>
    public void Save(string path, IReadOnlyList<string> classes) =>
        SafetensorsFile.Write(path, ModuleState.Save(_evaluated), _form.Metadata.Append(new(Checkpoint.ClassesKey, string.Join('\n', classes))).ToDictionary());

    /// <summary>Loads weights, for evaluation only.</summary>
    /// <param name="path">A file that <see cref="Save"/> wrote, or a PyTorch state dict.</param>
    /// <param name="classes">The class names that the file must have, in order, if it has class names at all; null: any.</param>
    /// <exception cref="CheckpointException">The file has other classes, or does not fit the architecture.</exception>
    public void Load(string path, IReadOnlyList<string>? classes = null)
    {
        var checkpoint = Checkpoint.Read(path);
        if (classes is not null && checkpoint.ClassNames is { } trained && !trained.SequenceEqual(classes))
        {
            var other = trained.Zip(classes).TakeWhile(pair => pair.First == pair.Second).Count();
            throw new CheckpointException(
                path,
                $"it was trained for other classes: number {other + 1} is '{trained.ElementAtOrDefault(other)}', "
                    + $"and '{classes.ElementAtOrDefault(other)}' in the dataset. Name the dataset that it was trained on (Dataset:Path)"
            );
        }

        // The same weights compute something else with other strides.
        if (NetworkForm.IsIn(checkpoint) && NetworkForm.Read(checkpoint).SmallImages != _form.SmallImages)
            throw new CheckpointException(
                path,
                $"it was trained with Student:Form={(_form.SmallImages ? StudentForm.Standard : StudentForm.Small)}. "
                    + "Set the same, and the Views:Size of its training"
            );
        ModuleState.Load(_evaluated, checkpoint);
    }

    /// <summary>Copies the state that the next steps depend on.</summary>
    public Dictionary<string, TensorData> Capture()
    {
        var entries = Prefixed(ModelPrefix, ModuleState.Entries(_network)).Concat(Prefixed(OptimizerPrefix, _optimizer.State));
        if (_average is not null)
            entries = entries.Concat(Prefixed(AveragePrefix, ModuleState.Entries(_evaluated)));
        if (_loss.LearnedParameter is { } learned)
            entries = entries.Append(new(LearnedName, learned));
        return entries.ToDictionary(entry => entry.Key, entry => TensorData.From(entry.Value));

        static IEnumerable<KeyValuePair<string, Tensor>> Prefixed(string prefix, IEnumerable<KeyValuePair<string, Tensor>> entries) =>
            entries.Select(entry => new KeyValuePair<string, Tensor>(prefix + entry.Key, entry.Value));
    }

    /// <summary>Restores the result of <see cref="Capture"/>.</summary>
    /// <param name="steps">Number of steps at that time.</param>
    /// <param name="checkpoint">The captured tensors.</param>
    public void Restore(long steps, Checkpoint checkpoint)
    {
        ModuleState.Load(_network, Part(ModelPrefix));
        if (_average is not null)
            ModuleState.Load(_evaluated, Part(AveragePrefix));
        _optimizer.Restore(steps, Part(OptimizerPrefix).Tensors);
        if (_loss.LearnedParameter is not { } learned)
            return;
        using var _ = no_grad();
        using var saved = checkpoint.Tensors[LearnedName].ToTensor();
        learned.copy_(saved);

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

    private T Measure<T>(ReadyBatch batch, ulong stream, Func<TeacherTarget, Tensor, T> measure)
    {
        using var scope = NewDisposeScope();
        using var _ = no_grad();
        var answers = batch.Answers ?? throw new InvalidOperationException("A batch to measure lacks teacher logits.");
        var teacher = answers.ToTarget(batch.Count, _device);
        random.manual_seed((long)(CounterRandom.Mix((ulong)_seed, stream, (ulong)batch.Samples[0]) >> 1));
        return NormStatistics.Keep(_network, network => measure(teacher, network.call(ToInput(batch))));
    }

    private void Prepare(TrainingProgress progress)
    {
        // Dropout uses torch's global generator; seeding it by the step makes it independent of earlier work.
        random.manual_seed((long)(CounterRandom.Mix((ulong)_seed, 0xD40F, (ulong)Steps) >> 1));
        _optimizer.LearningRate = LearningRateSchedule.At(_training, progress.Epochs / _training.Epochs);
        _network.train();
        _optimizer.ZeroGradients();
    }

    // Divided by the sum of the weights: an optimizer like Adam would cancel a common factor of a batch, so only the ratios of the weights count.
    private Tensor WeightedMean(Tensor losses, float[] weights) =>
        (losses * tensor(weights, device: _device)).sum().Times(1.0 / weights.Sum(weight => (double)weight));

    // Views of another size than the student's input are resized, bilinear and antialiased.
    private Tensor ToInput(ReadyBatch batch, double scale = 1)
    {
        var images = Normalization.ToInput(batch.Pixels.Span, batch.Count, batch.ViewSize, _device);
        var size = ResolutionSchedule.ToSize(scale, batch.ViewSize);
        return size == batch.ViewSize
            ? images
            : functional.interpolate(images, [size, size], mode: InterpolationMode.Bilinear, align_corners: false, antialias: true);
    }

    private float Check(float loss, TrainingProgress progress) =>
        float.IsFinite(loss)
            ? loss
            : throw new TrainingException(
                $"The loss is {loss} at step {Steps} (learning rate {_optimizer.LearningRate:G3}, temperature {progress.Temperature}). "
                    + "The last checkpoint is kept; try a smaller Training:LearningRate."
            );

    private ChosenRows? Predict(Tensor logits, int[] rows)
    {
        if (rows.Length == 0)
            return null;
        var chosen = logits.detach().index_select(0, tensor(rows, dtype: int64, device: _device)).to_type(ScalarType.Float32); // [rows, C]
        return new ChosenRows(rows, chosen.softmax(1).cpu().data<float>().ToArray());
    }

    private static float[] MeasureDifficulty(TeacherTarget teacher, Tensor logits) => Difficulty.Measure(teacher.At(1), logits).cpu().data<float>().ToArray();
}
