using Kd.Core.Randomness;
using Kd.CurriculumAgent.Decisions;
using Kd.CurriculumAgent.Diagnostics;
using Kd.CurriculumAgent.Policies;
using Kd.CurriculumAgent.Runs;
using Kd.CurriculumAgent.Simulation;
using Kd.CurriculumAgent.Storage;
using Kd.Settings;
using Kd.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Kd.CurriculumAgent.Tests.Simulation;

/// <summary>Recorded runs follow a known law: in each epoch, accuracy approaches 90 by a share of the gap that grows with the threshold.</summary>
public sealed class SimulatorTests : IDisposable
{
    private const int Epochs = 20;
    private readonly MeterFactory _meters = new();

    public void Dispose() => _meters.Dispose();

    [Fact]
    public void Measure_RunsThatItWasNotFittedTo_AreToldMuchBetterThanByTheMean()
    {
        var (fitted, heldOut) = (Runs(1, 7), Runs(100, 3));

        var check = SimulatorCheck.Measure(new TrainingSimulator(fitted), fitted, heldOut);

        Assert.InRange(check.StepError, 0, 1.5);
        Assert.InRange(check.FinalError, 0, 3);
        Assert.InRange(check.StepError, 0, 0.5 * check.MeanStepError);
    }

    [Fact]
    public void Train_AThresholdThatPays_IsLearntInSeconds()
    {
        var training = new SimulatorTraining(new TrainingSimulator(Runs(1, 7)), Epochs, 4);

        var network = training.Train(400, seed: 2);

        var learned = training.Evaluate(seed => new PpoPolicy(seed, int.MaxValue, network), 100, 9);
        var random = training.Evaluate(seed => new RandomActionPolicy(seed), 100, 9);
        Assert.InRange(learned - random, 1, 50);
    }

    [Fact]
    public void Learn_AtTheAgent_KeepsAPolicyThatRunsBeginWith()
    {
        using var folder = TestFiles.CreateFolder();
        var (store, policies, trainer) = Open(folder.Path);
        foreach (var (index, run) in Enumerable.Range(0, 4).Index())
            Report(store, $"run-{run}", index);
        var request = new PolicyTrainingRequest("warm", ["run-0", "run-1", "run-2"], ["run-3"], 30, 5);

        var first = trainer.Train(request);

        Assert.Equal(60, first.FittedEpochs);
        Assert.Equal(first.LearntAccuracy, Open(folder.Path).Trainer.Train(request).LearntAccuracy);
        Assert.Throws<RunConflictException>(() => trainer.Train(request with { Seed = 6 }));
        Assert.Throws<RunConflictException>(() => trainer.Train(request with { Name = "other", Runs = ["run-0"], HeldOut = ["half"] }));

        var settings = Settings("warm-run", 3, new PolicySpecification { Kind = PolicyKind.PpoWarm, Learnt = "warm" });
        var target = store.Start(settings);
        Assert.NotEmpty(store.GetSnapshot("warm-run").Settings.Policy!.LearntChecksum!);
        Assert.Equal(target, Open(folder.Path).Store.Start(settings));
        Assert.Contains(
            "call LearnPolicy first",
            Assert
                .Throws<RunConflictException>(() => store.Start(Settings("x", 3, new PolicySpecification { Kind = PolicyKind.PpoWarm, Learnt = "nobody" })))
                .Message
        );

        var path = folder.File("policies/warm.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"Sum\": \"", "\"Sum\": \"0", StringComparison.Ordinal));
        Assert.Contains("its checksum is wrong", Assert.Throws<AgentStateException>(() => policies.FindChecksum("warm")).Message);
    }

    private (RunStore Store, LearnedPolicies Policies, PolicyTrainer Trainer) Open(string path)
    {
        var options = Options.Create(new AgentOptions { StateFolder = path });
        var folder = new AgentFolder(options);
        var policies = new LearnedPolicies(folder);
        var store = new RunStore(options, folder, policies, new AgentMetrics(_meters), NullLogger<RunStore>.Instance);
        // A run that is not finished.
        store.Start(Settings("half", 1, new PolicySpecification { Kind = PolicyKind.RandomAction }));
        return (store, policies, new PolicyTrainer(store, policies));
    }

    private static void Report(RunStore store, string name, int seed)
    {
        var target = store.Start(Settings(name, seed, new PolicySpecification { Kind = PolicyKind.RandomAction }));
        var (random, result) = (new CounterRandom((ulong)seed, 5), default(EpochResult));
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            result = Next(result, target.Threshold, ref random);
            target = store.Report(name, epoch, result).Answer.Target ?? target;
        }
    }

    private static RunSettings Settings(string name, int seed, PolicySpecification policy) =>
        new()
        {
            RunId = name,
            Epochs = Epochs,
            InitialTemperature = 4,
            Strategy = 1,
            EpochRatio = 0.7,
            Seed = seed,
            UpdateEvery = 0,
            Policy = policy,
        };

    private static List<RecordedRun> Runs(int firstSeed, int count) =>
        [
            .. Enumerable
                .Range(firstSeed, count)
                .Select(seed =>
                {
                    var random = new CounterRandom((ulong)seed, 4);
                    var (epochs, result) = (new List<RecordedEpoch>(), default(EpochResult));
                    for (var epoch = 0; epoch < Epochs; epoch++)
                    {
                        var threshold = 0.25 * random.NextInt32(5);
                        result = Next(result, threshold, ref random);
                        epochs.Add(new RecordedEpoch(2 + 0.5 * random.NextInt32(13), threshold, result));
                    }

                    return new RecordedRun(epochs);
                }),
        ];

    private static EpochResult Next(EpochResult before, double threshold, ref CounterRandom random)
    {
        var accuracy = Math.Clamp(before.Accuracy + (0.05 + 0.15 * threshold) * (90 - before.Accuracy) + 0.3 * random.NextGaussian(), 0, 100);
        return new EpochResult(accuracy, 10 * Math.Exp(-accuracy / 30), 0.6 - accuracy / 200);
    }
}
