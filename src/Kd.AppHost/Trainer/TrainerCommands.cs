using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.AppHost.Trainer;

/// <summary>The trainer's HTTP API as commands of its resource, for the dashboard, the Aspire CLI and MCP clients alike.</summary>
internal static class TrainerCommands
{
    /// <summary>Adds the commands.</summary>
    public static IResourceBuilder<ProjectResource> WithTrainerCommands(this IResourceBuilder<ProjectResource> trainer)
    {
        var api = new TrainerApi(trainer.GetEndpoint("http"));
        return trainer
            .WithApiCommand(
                "pause",
                "Pause",
                "Pause",
                "Pause the run before its next step, after a checkpoint.",
                api,
                HttpMethod.Post,
                "/api/run/pause",
                status => status.Phase == "running"
            )
            .WithApiCommand(
                "resume",
                "Resume",
                "Play",
                "Resume the paused run; also cancels a pending stop.",
                api,
                HttpMethod.Post,
                "/api/run/resume",
                status => status.Phase is "paused" or "stopping"
            )
            .WithApiCommand(
                "stop-after-epoch",
                "Stop after this epoch",
                "RecordStop",
                "Stop the run after the current epoch. The same command line continues it.",
                api,
                HttpMethod.Post,
                "/api/run/stop",
                status => status.Phase is "running" or "paused"
            )
            .WithCommand(
                "set-by-hand",
                "Set by hand",
                context => api.SendAsync(HttpMethod.Put, "/api/run/manual", ManualTarget(context.Arguments), context.CancellationToken),
                SetByHand()
            )
            .WithApiCommand(
                "back-to-policy",
                "Back to the policy",
                "ArrowUndo",
                "Drop the values set by hand, from the next epoch on.",
                api,
                HttpMethod.Delete,
                "/api/run/manual",
                status => status.IsUnderWay
            )
            .WithCommand(
                "new-run",
                "New run",
                context => api.SendAsync(HttpMethod.Post, "/api/runs", Settings(context.Arguments), context.CancellationToken),
                NewRun()
            )
            .WithCommand(
                "prelabel",
                "Prelabel",
                context =>
                    api.SendAsync(
                        HttpMethod.Post,
                        "/api/runs",
                        new JsonObject { ["settings"] = new JsonObject { ["Run:Task"] = "label" } },
                        context.CancellationToken
                    ),
                Prelabel()
            );
    }

    private static IResourceBuilder<ProjectResource> WithApiCommand(
        this IResourceBuilder<ProjectResource> trainer,
        string name,
        string displayName,
        string icon,
        string description,
        TrainerApi api,
        HttpMethod method,
        string path,
        Func<TrainerStatus, bool> isPossible
    ) =>
        trainer.WithCommand(
            name,
            displayName,
            context => api.SendAsync(method, path, null, context.CancellationToken),
            new CommandOptions
            {
                Description = description,
                IconName = icon,
                IsHighlighted = name is "pause" or "resume",
                UpdateState = EnabledWhere(isPossible),
            }
        );

    private static CommandOptions SetByHand() =>
        new()
        {
            Description = "Set temperature or difficulty threshold for the coming epochs; the policy learns nothing from them.",
            IconName = "Options",
            UpdateState = EnabledWhere(status => status.IsUnderWay),
            Arguments =
            [
                new InteractionInput
                {
                    Name = "temperature",
                    Label = "Temperature",
                    Description = "1 to 20; empty leaves it to settings and policy",
                    InputType = InputType.Number,
                },
                new InteractionInput
                {
                    Name = "threshold",
                    Label = "Difficulty threshold",
                    Description = "0 to 1; empty leaves it to settings and policy",
                    InputType = InputType.Number,
                },
                new InteractionInput
                {
                    Name = "epochs",
                    Label = "Epochs",
                    InputType = InputType.Number,
                    Value = "1",
                },
            ],
            ValidateArguments = ValidateTarget,
        };

    private static CommandOptions NewRun() =>
        new()
        {
            Description = "Start a run when the runs before it have ended. Empty fields are as the trainer was started.",
            IconName = "Add",
            UpdateState = EnabledWhere(_ => true),
            Arguments =
            [
                Choice("method", "Method", "labels", "mixed", "kd", "kd-curriculum", "dkd", "dist", "ctkd"),
                Choice("study", "Study", "none", "methods", "views", "curriculum"),
                new InteractionInput
                {
                    Name = "epochs",
                    Label = "Epochs",
                    InputType = InputType.Number,
                },
                new InteractionInput
                {
                    Name = "settings",
                    Label = "Other settings",
                    Placeholder = "Views:PerSample=2; Training:WarmupEpochs=1",
                    InputType = InputType.Text,
                },
            ],
            ValidateArguments = ValidateSettings,
        };

    private static CommandOptions Prelabel() =>
        new()
        {
            Description = "Label all views of the dataset when the runs before it have ended, so that later runs find them in the cache.",
            IconName = "Tag",
            UpdateState = EnabledWhere(_ => true),
        };

    private static InteractionInput Choice(string name, string label, params string[] values) =>
        new()
        {
            Name = name,
            Label = label,
            InputType = InputType.Choice,
            Options = [.. values.Prepend("").Select(value => new KeyValuePair<string, string>(value, value.Length > 0 ? value : "as started"))],
        };

    private static Func<UpdateCommandStateContext, ResourceCommandState> EnabledWhere(Func<TrainerStatus, bool> isPossible) =>
        context =>
            context.Services.GetRequiredService<TrainerWatch>().Current is { } status && isPossible(status)
                ? ResourceCommandState.Enabled
                : ResourceCommandState.Disabled;

    // Only the form is checked here; what the values mean is checked, and explained, by the trainer.
    private static Task ValidateTarget(InputsDialogValidationContext context)
    {
        foreach (
            var input in context.Inputs.Where(input =>
                !string.IsNullOrWhiteSpace(input.Value) && !double.TryParse(input.Value, CultureInfo.InvariantCulture, out _)
            )
        )
            context.AddValidationError(input, $"'{input.Value}' is not a number.");
        if (string.IsNullOrWhiteSpace(context.Inputs["temperature"].Value) && string.IsNullOrWhiteSpace(context.Inputs["threshold"].Value))
            context.AddValidationError("temperature", "Give a temperature, a threshold or both.");
        return Task.CompletedTask;
    }

    private static Task ValidateSettings(InputsDialogValidationContext context)
    {
        var wrong = Parts(context.Inputs["settings"].Value).FirstOrDefault(part => part.IndexOf('=', StringComparison.Ordinal) < 1);
        if (wrong is not null)
            context.AddValidationError("settings", $"'{wrong}' is not a setting. Expected Section:Name=value, separated by semicolons.");
        return Task.CompletedTask;
    }

    private static JsonObject ManualTarget(InteractionInputCollection arguments)
    {
        var target = new JsonObject();
        foreach (var input in arguments.Where(input => !string.IsNullOrWhiteSpace(input.Value)))
        {
            var number = double.Parse(input.Value!, CultureInfo.InvariantCulture);
            target[input.Name] = number == Math.Floor(number) ? (long)number : number;
        }

        return target;
    }

    private static JsonObject Settings(InteractionInputCollection arguments)
    {
        var settings = new JsonObject();
        Add("Distillation:Method", arguments["method"].Value);
        Add("Run:Study", arguments["study"].Value);
        Add("Training:Epochs", arguments["epochs"].Value);
        foreach (var part in Parts(arguments["settings"].Value))
            Add(part[..part.IndexOf('=', StringComparison.Ordinal)].Trim(), part[(part.IndexOf('=', StringComparison.Ordinal) + 1)..].Trim());
        return new JsonObject { ["settings"] = settings };

        void Add(string name, string? value)
        {
            if (!string.IsNullOrWhiteSpace(value))
                settings[name] = value;
        }
    }

    private static string[] Parts(string? settings) => settings?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
}
