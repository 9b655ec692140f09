using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Kd.AppHost.Local.Tests.Commands;

/// <summary>The dashboard's commands, with a person who fills in the dialogs and a server in the trainer's place.</summary>
public sealed class SteeringCommandsTests
{
    [Fact]
    public void WithSteering_Trainer_HasACommandForEachCallOfItsApi()
    {
        var trainer = Declare();
        Assert.Equal(
            ["POST /api/run/pause", "POST /api/run/resume", "POST /api/run/stop", "DELETE /api/run/manual"],
            trainer.Commands.Where(command => command.Path is not null).Select(command => $"{command.Method} {command.Path}"));
        Assert.Equal(["Set by hand", "New run"], trainer.Commands.Where(command => command.Execute is not null).Select(command => command.DisplayName));
        Assert.Equal(trainer.Commands.Count, trainer.Commands.Select(command => command.Name).Distinct().Count());
    }

    [Fact]
    public async Task SetByHand_FieldsFilledIn_SendsThoseThatAre()
    {
        var (result, requests) = await RunAsync("run-set-by-hand", Results.Ok(), ("temperature", "6.5"), ("threshold", ""), ("epochs", "3"));
        Assert.True(result.Success);
        Assert.Equal(["""PUT /api/run/manual {"temperature":6.5,"epochs":3}"""], requests);
    }

    [Fact]
    public async Task NewRun_FieldsFilledIn_SendsTheSettings()
    {
        var (result, requests) = await RunAsync("run-start", Results.Accepted(), ("Distillation:Method", "labels"), ("Training:Epochs", "5"), ("others", "Views:PerSample=2; Training:WarmupEpochs = 1"));
        Assert.True(result.Success);
        Assert.Equal(["""POST /api/runs {"settings":{"Distillation:Method":"labels","Training:Epochs":"5","Views:PerSample":"2","Training:WarmupEpochs":"1"}}"""], requests);
    }

    [Fact]
    public async Task NewRun_Refused_TellsWhatTheTrainerSays()
    {
        var refusal = Results.ValidationProblem(new Dictionary<string, string[]> { ["Training:Epochs"] = ["Training:Epochs is '0'. It must be at least 1."] });
        var (result, _) = await RunAsync("run-start", refusal, ("Training:Epochs", "0"));
        Assert.False(result.Success);
        Assert.Equal("Training:Epochs is '0'. It must be at least 1.", result.ErrorMessage);
    }

    [Fact]
    public async Task NewRun_DialogLeft_SendsNothing()
    {
        var (result, requests) = await RunAsync("run-start", Results.Ok());
        Assert.True(result.Canceled);
        Assert.Empty(requests);
    }

    private static ProjectResource Declare() =>
        DistributedApplication.CreateBuilder([]).AddProject<Metadata>("trainer").WithHttpEndpoint(name: "http").WithSteering("http").Resource;

    private static async Task<(ExecuteCommandResult Result, IReadOnlyList<string> Requests)> RunAsync(string name, IResult answer, params (string Name, string Value)[] fields)
    {
        var requests = new List<string>();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var server = builder.Build();
        server.Map("{**path}", async (HttpRequest request) =>
        {
            using var reader = new StreamReader(request.Body);
            requests.Add($"{request.Method} {request.Path} {await reader.ReadToEndAsync()}");
            return answer;
        });
        await server.StartAsync(TestContext.Current.CancellationToken);
        var trainer = Declare();
        trainer.Endpoints[0].Ports = [new Uri(server.Urls.First()).Port];
        var services = new ServiceCollection().AddSingleton<IInteractionService>(new Person(fields)).BuildServiceProvider();
        var context = new ExecuteCommandContext { ServiceProvider = services, ResourceName = "trainer", CancellationToken = TestContext.Current.CancellationToken };
        return (await trainer.Commands.Single(command => command.Name == name).Execute!(context), requests);
    }

    /// <summary>Fills in fields; without any, leaves the dialog.</summary>
    private sealed class Person((string Name, string Value)[] fields) : IInteractionService
    {
        public Task<InteractionResult<InteractionInputCollection>> PromptInputsAsync(string title, string? message, IReadOnlyList<InteractionInput> inputs, object? options = null, CancellationToken cancellationToken = default)
        {
            var collection = new InteractionInputCollection(inputs);
            foreach (var (name, value) in fields)
                collection[name].Value = value;
            return Task.FromResult(new InteractionResult<InteractionInputCollection>(collection, canceled: fields.Length == 0));
        }
    }

    private sealed class Metadata : IProjectMetadata
    {
        public string ProjectPath => "trainer.dll";
    }
}
