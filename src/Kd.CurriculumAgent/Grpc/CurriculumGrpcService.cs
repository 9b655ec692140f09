using Grpc.Core;
using Kd.CurriculumAgent.Decisions;
using Kd.CurriculumAgent.Runs;
using Kd.CurriculumAgent.Storage;
using Kd.Protocol.Curriculum.V1;

namespace Kd.CurriculumAgent.Grpc;

/// <summary>Adapts the agent to gRPC: checks requests, maps messages and status codes.</summary>
internal sealed class CurriculumGrpcService(RunStore store) : Curriculum.CurriculumBase
{
    private const int LongestId = 200;
    private const int MostEpochs = 100_000;

    public override Task<StartRunReply> StartRun(StartRunRequest request, ServerCallContext context) =>
        Task.FromResult(
            Answer(() =>
            {
                CheckId("run_id", request.RunId);
                Check(request.Epochs is >= 1 and <= MostEpochs, $"epochs is {request.Epochs}, expected 1 to {MostEpochs}");
                Check(request.InitialTemperature is >= 2 and <= 8, $"initial_temperature is {request.InitialTemperature}, expected 2 to 8");
                Check(request.EpochRatio is > 0 and <= 1, $"epoch_ratio is {request.EpochRatio}, expected above 0, at most 1");
                Check(
                    Enum.IsDefined(request.Strategy) && request.Strategy != Strategy.Unspecified,
                    $"strategy is {request.Strategy}, expected one of {string.Join(", ", Enum.GetNames<Strategy>().Skip(1))}"
                );
                CheckPolicy(request.Policy ?? new PolicySettings());
                if (request.Density is { } density)
                    CheckDensity(density);
                if (request.Sizes.Count > 0)
                    CheckSizes(request.Sizes, request.Policy?.Policy ?? Policy.Unspecified);
                var settings = request.ToSettings();
                return new StartRunReply { Target = store.Start(settings).ToMessage(settings) };
            })
        );

    public override Task<ReportEpochReply> ReportEpoch(ReportEpochRequest request, ServerCallContext context) =>
        Task.FromResult(
            Answer(() =>
            {
                CheckId("run_id", request.RunId);
                Check(request.Epoch >= 0, $"epoch is {request.Epoch}, expected 0 or more");
                Check(request.Accuracy is >= 0 and <= 100, $"accuracy is {request.Accuracy}, expected 0 to 100 (percent)");
                Check(double.IsFinite(request.Loss) && request.Loss >= 0, $"loss is {request.Loss}, expected a finite number of at least 0");
                Check(request.Difficulty is >= 0 and <= 1, $"difficulty is {request.Difficulty}, expected 0 to 1");
                Check(!request.HasProgress || request.Progress is >= 0 and <= 1, $"progress is {request.Progress}, expected 0 to 1");
                Check(
                    !request.HasManualTemperature || request.ManualTemperature is >= 1 and <= 20,
                    $"manual_temperature is {request.ManualTemperature}, expected 1 to 20"
                );
                Check(
                    !request.HasManualThreshold || request.ManualThreshold is >= 0 and <= 1,
                    $"manual_threshold is {request.ManualThreshold}, expected 0 to 1"
                );
                if (request.Probe is { } probe)
                    CheckProbe(probe);
                var result = new EpochResult(
                    request.Accuracy,
                    request.Loss,
                    request.Difficulty,
                    request.HasProgress ? request.Progress : null,
                    request.HasManualTemperature ? request.ManualTemperature : null,
                    request.HasManualThreshold ? request.ManualThreshold : null
                )
                {
                    Probe = request.Probe is { } measured ? new ProbeResult(measured.LossBefore, measured.LossAfter, measured.Updates, measured.Cost) : null,
                };
                var (answer, settings) = store.Report(request.RunId, request.Epoch, result);
                return new ReportEpochReply { Target = answer.Target?.ToMessage(settings), Reward = answer.Reward.ToMessage() };
            })
        );

    private static void CheckPolicy(PolicySettings policy)
    {
        Check(Enum.IsDefined(policy.Policy), $"policy is {policy.Policy}, expected one of {string.Join(", ", Enum.GetNames<Policy>().Skip(1))}");
        Check(policy.Threshold is >= 0 and <= 1, $"threshold is {policy.Threshold}, expected 0 to 1");
        Check(policy.PruneProbability is >= 0 and < 1, $"prune_probability is {policy.PruneProbability}, expected 0 to below 1");
        Check(policy.PruneUntil is >= 0 and <= 1, $"prune_until is {policy.PruneUntil}, expected 0 to 1");
    }

    private static void CheckDensity(RankDensity density)
    {
        Check(density.Uniform is > 0 and <= 1, $"density.uniform is {density.Uniform}, expected above 0, at most 1");
        Check(density is { A: >= 1, B: >= 1 }, $"density.a and b are {density.A} and {density.B}, expected at least 1");
    }

    private static void CheckSizes(IList<double> sizes, Policy policy)
    {
        Check(
            sizes is [> 0, .., 1] && sizes.Zip(sizes.Skip(1)).All(pair => pair.First < pair.Second),
            $"sizes is {string.Join(", ", sizes)}, expected two or more numbers above 0 that ascend to 1"
        );
        Check(
            policy is Policy.Unspecified or Policy.Ppo or Policy.Bandit or Policy.RandomAction,
            $"policy is {policy}, expected {Policy.Ppo}, {Policy.Bandit} or {Policy.RandomAction} to decide about sizes"
        );
    }

    private static void CheckProbe(Probe probe)
    {
        Check(
            probe is { LossBefore: > 0 and < double.PositiveInfinity, LossAfter: > 0 and < double.PositiveInfinity },
            $"probe.loss_before and loss_after are {probe.LossBefore} and {probe.LossAfter}, expected finite numbers above 0"
        );
        Check(probe.Updates >= 1, $"probe.updates is {probe.Updates}, expected 1 or more");
        Check(probe.Cost is > 0 and < double.PositiveInfinity, $"probe.cost is {probe.Cost}, expected a finite number above 0");
    }

    // The id becomes a file name.
    private static void CheckId(string field, string id) =>
        Check(
            id.Length is >= 1 and <= LongestId && id[0] != '.' && id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.'),
            $"{field} is '{id}', expected 1 to {LongestId} letters, digits, '-', '_' or '.', not beginning with '.'"
        );

    private static void Check(bool holds, string problem)
    {
        if (!holds)
            throw new RpcException(new Status(StatusCode.InvalidArgument, problem + "."));
    }

    private static T Answer<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (UnknownRunException error)
        {
            throw new RpcException(new Status(StatusCode.NotFound, error.Message));
        }
        catch (RunConflictException error)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, error.Message));
        }
        catch (AgentStateException error)
        {
            throw new RpcException(new Status(StatusCode.DataLoss, error.Message));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A full disk, for example: nothing was decided, and the same report may succeed later.
            throw new RpcException(new Status(StatusCode.Unavailable, $"The agent's journal cannot be read or written: {error.Message}"));
        }
    }
}
