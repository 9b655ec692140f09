using Grpc.Core;
using Kd.CurriculumAgent.Environment;
using Kd.CurriculumAgent.Runs;
using Kd.Protocol.Curriculum.V1;

namespace Kd.CurriculumAgent.Grpc;

/// <summary>The gRPC face of the agent: checks requests, calls the store, maps back.</summary>
internal sealed class CurriculumGrpcService(RunStore store) : Curriculum.CurriculumBase
{
    private const int LongestId = 100;
    private const int MostEpochs = 100_000;

    public override Task<StartRunReply> StartRun(StartRunRequest request, ServerCallContext context) => Task.FromResult(Answer(() =>
    {
        Check(IsId(request.RunId), $"run_id is '{request.RunId}', expected 1 to {LongestId} letters, digits, '-', '_' or '.', not beginning with '.'");
        Check(request.Epochs is >= 1 and <= MostEpochs, $"epochs is {request.Epochs}, expected 1 to {MostEpochs}");
        Check(request.InitialTemperature is >= 2 and <= 8, $"initial_temperature is {request.InitialTemperature}, expected 2 to 8");
        Check(request.EpochRatio is > 0 and <= 1, $"epoch_ratio is {request.EpochRatio}, expected above 0, at most 1");
        Check(Enum.IsDefined(request.Strategy) && request.Strategy != Strategy.Unspecified, $"strategy is {request.Strategy}, expected one of {string.Join(", ", Enum.GetNames<Strategy>().Skip(1))}");
        var settings = new RunSettings(request.RunId, request.Epochs, request.InitialTemperature, (int)request.Strategy, request.EpochRatio, request.Seed, 0);
        return new StartRunReply { Target = ToTarget(store.Start(settings), request.Strategy, request.EpochRatio) };
    }));

    public override Task<ReportEpochReply> ReportEpoch(ReportEpochRequest request, ServerCallContext context) => Task.FromResult(Answer(() =>
    {
        Check(IsId(request.RunId), $"run_id is '{request.RunId}', expected the one of StartRun");
        Check(request.Epoch >= 0, $"epoch is {request.Epoch}, expected 0 or more");
        Check(request.Accuracy is >= 0 and <= 100, $"accuracy is {request.Accuracy}, expected 0 to 100 (percent)");
        Check(double.IsFinite(request.Loss) && request.Loss >= 0, $"loss is {request.Loss}, expected a finite number of at least 0");
        Check(request.Difficulty is >= 0 and <= 1, $"difficulty is {request.Difficulty}, expected 0 to 1");
        var (answer, settings) = store.Report(request.RunId, request.Epoch, new EpochResult(request.Accuracy, request.Loss, request.Difficulty));
        var reward = answer.Reward;
        return new ReportEpochReply
        {
            Target = answer.Target is null ? null : ToTarget(answer.Target, (Strategy)settings.Strategy, settings.EpochRatio),
            Reward = new Reward { Total = reward.Total, AccuracyChange = reward.AccuracyChange, LossRise = reward.LossRise, Early = reward.Early, Level = reward.Level },
        };
    }));

    private static Target ToTarget(EpochTarget target, Strategy strategy, double ratio) =>
        new() { Temperature = target.Temperature, Threshold = target.Threshold, Strategy = strategy, EpochRatio = ratio };

    // The id becomes a file name.
    private static bool IsId(string id) => id.Length is >= 1 and <= LongestId && id[0] != '.' && id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.');

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
    }
}
