extern alias agent;
extern alias teacher;
using agent::Kd.CurriculumAgent.Hosting;
using agent::Kd.Protocol.Curriculum.V1;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Kd.ServiceDefaults.Security;
using Microsoft.AspNetCore.Builder;
using teacher::Kd.Protocol.Teacher.V1;
using teacher::Kd.TeacherService.Hosting;

namespace Kd.Fuzz.Targets;

/// <summary>The gRPC services, on real sockets. The first byte of an input chooses the method, the others are the message.</summary>
internal static class CallTargets
{
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(10);

    public static FuzzTarget Teacher { get; } =
        new(
            "teacher-calls",
            _ => Inputs(new DescribeRequest(), Lookup(1), Lookup(300), Label(8, 1), Label(32, 2)),
            _ =>
                Open(
                    TeacherExtensions.BuildTeacherService,
                    ["--Teacher:Architecture=cifar-resnet20", "--Teacher:Weights=random", "--Teacher:Threads=1"],
                    "kd.teacher.v1.Teacher",
                    ("Describe", DescribeRequest.Parser),
                    ("Lookup", LookupRequest.Parser),
                    ("Label", LabelRequest.Parser)
                )
        );

    public static FuzzTarget Agent { get; } =
        new(
            "agent-calls",
            _ => Inputs(Start(Policy.Ppo), Start(Policy.Bandit), Start(Policy.Schedule), Report()),
            folder =>
                Open(
                    CurriculumExtensions.BuildCurriculumAgent,
                    [$"--Agent:StateFolder={folder}"],
                    "kd.curriculum.v1.Curriculum",
                    ("StartRun", StartRunRequest.Parser),
                    ("ReportEpoch", ReportEpochRequest.Parser)
                )
        );

    private static Action<byte[]> Open(
        Func<string[], WebApplication> build,
        string[] settings,
        string service,
        params (string Name, MessageParser Parser)[] methods
    )
    {
        var (_, address) = LoopbackService.Start(build, ["--Endpoints:GrpcPort=0", .. settings]);
        var calls = GrpcChannel
            .ForAddress(
                new UriBuilder(address) { Scheme = Uri.UriSchemeHttps }.Uri,
                new GrpcChannelOptions
                {
                    HttpHandler = new SocketsHttpHandler { SslOptions = new ServiceCertificate(LoopbackService.Key).CreateClientOptions() },
                }
            )
            .CreateCallInvoker();
        var bytes = Marshallers.Create<byte[]>(value => value, value => value);
        var known = methods.Select(method => (new Method<byte[], byte[]>(MethodType.Unary, service, method.Name, bytes, bytes), method.Parser)).ToList();
        return input =>
        {
            if (input.Length == 0)
                return;
            var (method, parser) = known[input[0] % known.Count];
            Call(calls, method, parser, input[1..]);
        };
    }

    // A message that cannot be parsed is the library's matter; anything else must get an answer that says what is wrong.
    private static void Call(CallInvoker calls, Method<byte[], byte[]> method, MessageParser parser, byte[] message)
    {
        try
        {
            calls.BlockingUnaryCall(method, null, new CallOptions(deadline: TimeProvider.System.GetUtcNow().UtcDateTime + s_longest), message);
        }
        catch (RpcException error) when (error.StatusCode is not (StatusCode.Unknown or StatusCode.Internal or StatusCode.DeadlineExceeded))
        {
            // Refused with a reason.
        }
        catch (RpcException error) when (error.StatusCode != StatusCode.DeadlineExceeded && !IsMessage(parser, message))
        {
            // Refused by the library.
        }
    }

    private static bool IsMessage(MessageParser parser, byte[] message)
    {
        try
        {
            parser.ParseFrom(message);
            return true;
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }
    }

    // The methods in the order of Open.
    private static byte[][] Inputs(params IMessage[] messages) =>
        [
            .. messages.Select(message =>
                (byte[])
                    [
                        message switch
                        {
                            LookupRequest or ReportEpochRequest => 1,
                            LabelRequest => 2,
                            _ => 0,
                        },
                        .. message.ToByteArray(),
                    ]
            ),
        ];

    private static LookupRequest Lookup(int views) => new() { ViewIds = ByteString.CopyFrom(new byte[16 * views]) };

    private static LabelRequest Label(int size, int views) =>
        new()
        {
            ViewIds = ByteString.CopyFrom([.. Enumerable.Range(0, 16 * views).Select(i => (byte)i)]),
            Pixels = ByteString.CopyFrom(new byte[3 * size * size * views]),
            Height = size,
            Width = size,
        };

    private static StartRunRequest Start(Policy policy) =>
        new()
        {
            RunId = $"run-{policy}",
            Epochs = 5,
            InitialTemperature = 4,
            Strategy = Strategy.EasyToHard,
            EpochRatio = 0.7,
            Seed = 1,
            Policy = new PolicySettings { Policy = policy },
            Sizes = { policy == Policy.Bandit ? [0.5, 1] : [] },
        };

    private static ReportEpochRequest Report() =>
        new()
        {
            RunId = $"run-{Policy.Ppo}",
            Accuracy = 10,
            Loss = 1,
            Difficulty = 0.5,
            Probe = new Probe
            {
                LossBefore = 2,
                LossAfter = 1,
                Updates = 3,
                Cost = 2,
            },
        };
}
