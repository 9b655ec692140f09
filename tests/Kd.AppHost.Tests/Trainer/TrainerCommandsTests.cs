using Kd.AppHost.Trainer;
using Kd.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Kd.AppHost.Tests.Trainer;

/// <summary>Tests the trainer's commands against a fake server; the end-to-end tests run them against a real trainer.</summary>
public sealed class TrainerCommandsTests
{
    private const string Key = "a-key-that-only-tests-use";

    private static readonly IResult s_running = Results.Json(
        new
        {
            phase = "running",
            method = "kd",
            epoch = 3,
            epochs = 24,
            validationAccuracy = 61.26,
        }
    );

    [Fact]
    public void WithTrainerCommands_Trainer_HasSevenCommandsWithIconAndDescription()
    {
        var commands = Declare()
            .Annotations.OfType<ResourceCommandAnnotation>()
            .Where(command => command.Name is not ("start" or "stop" or "restart" or "rebuild"))
            .ToList();
        Assert.Equal(["pause", "resume", "stop-after-epoch", "set-by-hand", "back-to-policy", "new-run", "prelabel"], commands.Select(command => command.Name));
        Assert.All(commands, command => Assert.False(string.IsNullOrWhiteSpace(command.DisplayDescription) || string.IsNullOrWhiteSpace(command.IconName)));
    }

    [Theory]
    [InlineData("pause", "POST /api/run/pause ")]
    [InlineData("resume", "POST /api/run/resume ")]
    [InlineData("stop-after-epoch", "POST /api/run/stop ")]
    [InlineData("back-to-policy", "DELETE /api/run/manual ")]
    public async Task Execute_CommandWithoutArguments_CallsTheApiAndTellsTheState(string name, string request)
    {
        var (result, requests) = await RunAsync(name, s_running);
        Assert.True(result.Success, result.Message);
        Assert.Equal("The run: epoch 3/24, 61.3%, kd.", result.Message);
        Assert.Equal([request], requests);
    }

    [Fact]
    public async Task SetByHand_SomeArguments_SendsThose()
    {
        var (result, requests) = await RunAsync("set-by-hand", s_running, ("temperature", "6.5"), ("threshold", ""), ("epochs", "3"));
        Assert.True(result.Success, result.Message);
        Assert.Equal(["""PUT /api/run/manual {"temperature":6.5,"epochs":3}"""], requests);
    }

    [Fact]
    public async Task NewRun_Arguments_SendsThemAsSettings()
    {
        var (result, requests) = await RunAsync(
            "new-run",
            Results.Accepted(null, new { id = "20261125-1" }),
            ("method", "labels"),
            ("epochs", "5"),
            ("settings", "Views:PerSample=2; Training:WarmupEpochs = 1")
        );
        Assert.Equal("Run 20261125-1 starts as soon as the runs before it have ended.", result.Message);
        Assert.Equal(
            ["""POST /api/runs {"settings":{"Distillation:Method":"labels","Training:Epochs":"5","Views:PerSample":"2","Training:WarmupEpochs":"1"}}"""],
            requests
        );
    }

    [Fact]
    public async Task Prelabel_Execute_QueuesTheTask()
    {
        var (_, requests) = await RunAsync("prelabel", Results.Accepted(null, new { id = "x" }));
        Assert.Equal(["""POST /api/runs {"settings":{"Run:Task":"label"}}"""], requests);
    }

    [Fact]
    public async Task Execute_RefusedByTheTrainer_TellsItsExplanation()
    {
        var refusal = Results.ValidationProblem(new Dictionary<string, string[]> { ["Training:Epochs"] = ["Training:Epochs is '0'. It must be at least 1."] });
        Assert.Equal((false, "Training:Epochs is '0'. It must be at least 1."), await Outcome("new-run", refusal));
        Assert.Equal((false, "No run is under way."), await Outcome("pause", Results.Problem("No run is under way.", statusCode: 409)));

        static async Task<(bool, string?)> Outcome(string name, IResult answer)
        {
            var (result, _) = await RunAsync(name, answer);
            return (result.Success, result.Message);
        }
    }

    private static ProjectResource Declare(int port = 1)
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { DisableDashboard = true });
        var trainer = builder
            .AddProject<Metadata>("trainer")
            .WithHttpEndpoint(name: "http")
            .WithTrainerCommands(builder.AddParameter("service-key", Key, secret: true))
            .Resource;
        var endpoint = trainer.Annotations.OfType<EndpointAnnotation>().Single();
        endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "127.0.0.1", port);
        return trainer;
    }

    private static ResourceCommandAnnotation Command(ProjectResource trainer, string name) =>
        trainer.Annotations.OfType<ResourceCommandAnnotation>().Single(command => command.Name == name);

    private static InteractionInputCollection Fill(ResourceCommandAnnotation command, params (string Name, string Value)[] arguments)
    {
        var inputs = new InteractionInputCollection([.. command.Arguments]);
        foreach (var (name, value) in arguments)
            inputs[name].Value = value;
        return inputs;
    }

    private static async Task<(ExecuteCommandResult Result, IReadOnlyList<string> Requests)> RunAsync(
        string name,
        IResult answer,
        params (string Name, string Value)[] arguments
    )
    {
        var requests = new List<string>();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var server = builder.Build();
        server.Map(
            "{**path}",
            async (HttpRequest request) =>
            {
                using var reader = new StreamReader(request.Body);
                Assert.Equal($"Bearer {PageToken.Of(Key)}", request.Headers.Authorization);
                requests.Add($"{request.Method} {request.Path} {await reader.ReadToEndAsync()}");
                return answer;
            }
        );
        await server.StartAsync(TestContext.Current.CancellationToken);
        var command = Command(Declare(new Uri(server.Urls.First()).Port), name);
        var context = new ExecuteCommandContext
        {
            Services = server.Services,
            ResourceName = "trainer",
            CancellationToken = TestContext.Current.CancellationToken,
            Logger = NullLogger.Instance,
            Arguments = Fill(command, arguments),
        };
        return (await command.ExecuteCommand(context), requests);
    }

    private sealed class Metadata : IProjectMetadata
    {
        public string ProjectPath => Path.Combine(Kd.Tests.TestFiles.RepositoryRoot, "src", "Kd.StudentTrainer", "Kd.StudentTrainer.csproj");
    }
}
