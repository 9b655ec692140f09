using Kd.Core.Randomness;
using Kd.CurriculumAgent.Environment;
using Kd.CurriculumAgent.Policies;
using Kd.CurriculumAgent.Runs;
using Kd.CurriculumAgent.Simulation;
using Kd.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Kd.CurriculumAgent.Tests.Simulation;

/// <summary>"Real" runs here follow a law that the tests know: accuracy comes nearer to 90 by a share of the gap, and the more, the higher the threshold is.</summary>
public sealed class SimulatorTests
{
    private const int Epochs = 20;

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
        var school = new PolicySchool(new TrainingSimulator(Runs(1, 7)), Epochs, 4);

        var network = school.Train(400, seed: 2);

        var learnt = school.Measure(seed => new PpoPolicy(seed, int.MaxValue, network), 100, 9);
        var random = school.Measure(seed => new RandomActionPolicy(seed), 100, 9);
        Assert.InRange(learnt - random, 1, 50);
    }

    [Fact]
    public void Learn_AtTheAgent_KeepsAPolicyThatRunsBeginWith()
    {
        using var folder = TestFiles.CreateFolder();
        var (store, policies, lessons) = Open(folder.Path);
        foreach (var (index, run) in Enumerable.Range(0, 4).Index())
            Report(store, $"run-{run}", index);
        var request = new LessonRequest("warm", ["run-0", "run-1", "run-2"], ["run-3"], 30, 5);

        var first = lessons.Learn(request);

        Assert.Equal(60, first.FittedEpochs);
        Assert.Equal(first.LearntAccuracy, Open(folder.Path).Lessons.Learn(request).LearntAccuracy);
        Assert.Throws<RunConflictException>(() => lessons.Learn(request with { Seed = 6 }));
        Assert.Throws<RunConflictException>(() => lessons.Learn(request with { Name = "other", Runs = ["run-0"], HeldOut = ["half"] }));

        var settings = Settings("warm-run", 3, new PolicySpecification(PolicyKind.PpoWarm, Learnt: "warm"));
        var target = store.Start(settings);
        Assert.NotEmpty(store.Look("warm-run").Settings.Policy!.LearntChecksum!);
        Assert.Equal(target, Open(folder.Path).Store.Start(settings));
        Assert.Contains(
            "call LearnPolicy first",
            Assert.Throws<RunConflictException>(() => store.Start(Settings("x", 3, new PolicySpecification(PolicyKind.PpoWarm, Learnt: "nobody")))).Message
        );

        var path = folder.File("policies/warm.json");
        File.WriteAllText(path, File.ReadAllText(path).Replace("\"Sum\": \"", "\"Sum\": \"0", StringComparison.Ordinal));
        Assert.Contains("its checksum is wrong", Assert.Throws<AgentStateException>(() => policies.Pin(settings.Policy!)).Message);
    }

    private static (RunStore Store, LearntPolicies Policies, PolicyLessons Lessons) Open(string path)
    {
        var options = Options.Create(new AgentOptions { StateFolder = path });
        var folder = new AgentFolder(options);
        var policies = new LearntPolicies(folder);
        var store = new RunStore(options, folder, policies, NullLogger<RunStore>.Instance);
        // A run that is not finished, for those who ask for it.
        store.Start(Settings("half", 1, new PolicySpecification(PolicyKind.RandomAction)));
        return (store, policies, new PolicyLessons(store, policies));
    }

    private static void Report(RunStore store, string name, int seed)
    {
        var target = store.Start(Settings(name, seed, new PolicySpecification(PolicyKind.RandomAction)));
        var (random, result) = (new CounterRandom((ulong)seed, 5), default(EpochResult));
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            result = Next(result, target.Threshold, ref random);
            target = store.Report(name, epoch, result).Answer.Target ?? target;
        }
    }

    private static RunSettings Settings(string name, int seed, PolicySpecification policy) => new(name, Epochs, 4, 1, 0.7, seed, 0, policy);

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
