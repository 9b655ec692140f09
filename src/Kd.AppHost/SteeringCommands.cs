using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.AppHost;

/// <summary>The trainer's HTTP API as commands of its resource in the dashboard. Those with values ask for them in a dialog.</summary>
internal static class SteeringCommands
{
    private static readonly HttpClient s_http = new();

    /// <summary>Adds the commands.</summary>
    /// <param name="trainer">The trainer.</param>
    /// <param name="endpointName">Its endpoint with the API.</param>
    public static IResourceBuilder<ProjectResource> WithSteering(this IResourceBuilder<ProjectResource> trainer, string endpointName)
    {
        var endpoint = trainer.GetEndpoint(endpointName);
        return trainer
            .WithHttpCommand("/api/run/pause", "Pause", endpointName, "run-pause", new HttpCommandOptions { IconName = "Pause", IsHighlighted = true })
            .WithHttpCommand("/api/run/resume", "Resume", endpointName, "run-resume", new HttpCommandOptions { IconName = "Play", IsHighlighted = true })
            .WithHttpCommand("/api/run/stop", "Stop after this epoch", endpointName, "run-stop", new HttpCommandOptions { IconName = "RecordStop" })
            .WithCommand("run-set-by-hand", "Set by hand", context => SetByHandAsync(context, endpoint), new CommandOptions { IconName = "Options" })
            .WithHttpCommand("/api/run/manual", "Back to the policy's values", endpointName, "run-clear-by-hand", new HttpCommandOptions { Method = HttpMethod.Delete, IconName = "ArrowUndo" })
            .WithCommand("run-start", "New run", context => StartAsync(context, endpoint), new CommandOptions { IconName = "Add" });
    }

    private static Task<ExecuteCommandResult> SetByHandAsync(ExecuteCommandContext context, EndpointReference endpoint) => AskAsync(
        context,
        "Set by hand for the coming epochs",
        "An empty field leaves the value to settings and policy.",
        [
            new InteractionInput { Name = "temperature", Label = "Temperature, 1 to 20", InputType = InputType.Number },
            new InteractionInput { Name = "threshold", Label = "Difficulty threshold, 0 to 1", InputType = InputType.Number },
            new InteractionInput { Name = "epochs", Label = "Epochs", InputType = InputType.Number, Required = true, Value = "1" },
        ],
        inputs =>
        {
            var target = new JsonObject();
            foreach (var input in inputs.Where(input => !string.IsNullOrWhiteSpace(input.Value)))
                target[input.Name] = double.TryParse(input.Value, CultureInfo.InvariantCulture, out var number) ? (number == Math.Floor(number) ? (long)number : number) : input.Value;
            return SendAsync(HttpMethod.Put, endpoint, "/api/run/manual", target, context.CancellationToken);
        });

    private static Task<ExecuteCommandResult> StartAsync(ExecuteCommandContext context, EndpointReference endpoint) => AskAsync(
        context,
        "New run",
        "What is empty is as the trainer was started. It begins as soon as the runs before it have ended.",
        [
            new InteractionInput { Name = "Distillation:Method", Label = "Method", InputType = InputType.Choice, Options = [.. Choices("", "labels", "mixed", "kd", "kd-curriculum", "dkd", "dist", "ctkd")] },
            new InteractionInput { Name = "Run:Study", Label = "Study", InputType = InputType.Choice, Options = [.. Choices("", "none", "methods", "views", "curriculum")] },
            new InteractionInput { Name = "Training:Epochs", Label = "Epochs", InputType = InputType.Number },
            new InteractionInput { Name = "others", Label = "Other settings: Section:Name=value, separated by ;", InputType = InputType.Text },
        ],
        inputs =>
        {
            var settings = new JsonObject();
            foreach (var input in inputs.Where(input => input.Name != "others" && !string.IsNullOrWhiteSpace(input.Value)))
                settings[input.Name] = input.Value;
            foreach (var other in inputs["others"].Value?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [])
                settings[other.Split('=')[0].Trim()] = other.Contains('=') ? other[(other.IndexOf('=') + 1)..].Trim() : "";
            return SendAsync(HttpMethod.Post, endpoint, "/api/runs", new JsonObject { ["settings"] = settings }, context.CancellationToken);
        });

    private static IEnumerable<KeyValuePair<string, string>> Choices(params string[] values) => values.Select(value => new KeyValuePair<string, string>(value, value.Length > 0 ? value : "as started"));

    private static async Task<ExecuteCommandResult> AskAsync(ExecuteCommandContext context, string title, string message, InteractionInput[] inputs, Func<InteractionInputCollection, Task<ExecuteCommandResult>> send)
    {
        var dialogs = context.ServiceProvider.GetRequiredService<IInteractionService>();
        var answer = await dialogs.PromptInputsAsync(title, message, inputs, cancellationToken: context.CancellationToken);
        return answer.Canceled ? CommandResults.Canceled() : await send(answer.Data);
    }

    // What the trainer refuses it explains: that is what the user must see.
    private static async Task<ExecuteCommandResult> SendAsync(HttpMethod method, EndpointReference endpoint, string path, JsonObject body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, endpoint.Url + path) { Content = JsonContent.Create(body) };
        using var response = await s_http.SendAsync(request, cancellation);
        if (response.IsSuccessStatusCode)
            return CommandResults.Success();
        var problem = await response.Content.ReadFromJsonAsync<JsonObject>(cancellation);
        var errors = problem?["errors"]?.AsObject().SelectMany(entry => entry.Value!.AsArray().Select(text => text!.GetValue<string>())).ToList() ?? [];
        return CommandResults.Failure(errors.Count > 0 ? string.Join(" ", errors) : problem?["detail"]?.GetValue<string>() ?? $"The trainer answered {(int)response.StatusCode}.");
    }
}
