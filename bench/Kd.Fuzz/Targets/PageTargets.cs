using System.Net.Sockets;
using System.Text;
using Kd.Settings;
using Kd.StudentTrainer.Hosting;
using Kd.Training.Queue;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.Fuzz.Targets;

/// <summary>The trainer's HTTP API and run page, on a real socket. The first line of an input is method and path, the rest is the body.</summary>
internal static class PageTargets
{
    private const int LongestAnswer = 10_000;

    // The run waits for a teacher that does not exist, so that nothing is trained.
    private static readonly string[] s_settings =
    [
        "--TeacherClient:Address=http://127.0.0.1:1",
        "--Dataset:DemoTrainPerClass=2",
        "--Dataset:DemoValidationPerClass=2",
        "--Run:Study=none",
        "--Run:Id=waits",
    ];

    public static FuzzTarget Page { get; } = new("page", _ => [.. Seeds().Select(Encoding.UTF8.GetBytes)], Open);

    private static string[] Seeds() =>
        [
            "GET /api/run\n",
            "GET /api/runs\n",
            "GET /api/runs/waiting\n",
            "GET /api/run/replicas\n",
            "GET /api/run/messages\n",
            "DELETE /api/runs/waiting/one\n",
            "POST /api/run/pause\n",
            "POST /api/run/resume\n",
            "DELETE /api/run/manual\n",
            "PUT /api/run/manual\n{\"temperature\":3,\"threshold\":0.5,\"epochs\":2}",
            "POST /api/runs\n{\"settings\":{\"Training:Epochs\":3,\"Distillation:Method\":\"kd\",\"Views:Flip\":true}}",
            "GET /\n",
            "GET /runs\n",
            "GET /run?name=waits\n",
            "GET /study?name=waits\n",
            "GET /compare?runs=waits&runs=other\n",
            "GET /new?from=waits\n",
            "GET /openapi/v1.json\n",
        ];

    private static Action<byte[]> Open(string folder)
    {
        var (trainer, address) = LoopbackService.Start(TrainerExtensions.BuildStudentTrainer, [.. s_settings, $"--Run:Folder={folder}"]);
        var queue = trainer.Services.GetRequiredService<RunQueue>();
        return input =>
        {
            Send(address, input);
            foreach (var run in queue.Runs)
                queue.Remove(run.Id);
        };
    }

    private static void Send(Uri address, byte[] input)
    {
        var end = Array.IndexOf(input, (byte)'\n');
        var (line, body) = end < 0 ? (input, []) : (input[..end], input[(end + 1)..]);
        using var client = new TcpClient { ReceiveTimeout = LongestAnswer };
        client.Connect(address.Host, address.Port);
        var stream = client.GetStream();
        stream.Write([
            .. line,
            .. Encoding.ASCII.GetBytes(
                $" HTTP/1.1\r\nHost: {address.Authority}\r\nAuthorization: Bearer {PageToken.Of(LoopbackService.Key)}\r\nContent-Type: application/json\r\n"
                    + $"Content-Length: {body.Length}\r\nConnection: close\r\n\r\n"
            ),
            .. body,
        ]);
        using var answer = new StreamReader(stream);
        if (answer.ReadLine() is { } status && status.StartsWith("HTTP/1.1 5", StringComparison.Ordinal))
            throw new InvalidOperationException(status);
    }
}
