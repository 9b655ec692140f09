using System.Globalization;
using System.Text.Json.Nodes;
using Kd.Settings;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.AppHost.Trainer;

/// <summary>Adds the trainer's HTTP API as commands of its resource, for the dashboard, the Aspire CLI and MCP clients.</summary>
internal static class TrainerCommands
{
    private static readonly ApiCommand[] s_steering =
    [
        new("pause", "Pause")
        {
            Icon = "Pause",
            Description = "Pause the run before its next step, after a checkpoint.",
            Path = "/api/run/pause",
            IsEnabled = status => status.Phase == "running",
            IsHighlighted = true,
        },
        new("resume", "Resume")
        {
            Icon = "Play",
            Description = "Resume the paused run; also cancels a pending stop.",
            Path = "/api/run/resume",
            IsEnabled = status => status.Phase is "paused" or "stopping",
            IsHighlighted = true,
        },
        new("stop-after-epoch", "Stop after this epoch")
        {
            Icon = "RecordStop",
            Description = "Stop the run after the current epoch. The same command line continues it.",
            Path = "/api/run/stop",
            IsEnabled = status => status.Phase is "running" or "paused",
        },
    ];

    private static readonly ApiCommand s_backToPolicy = new("back-to-policy", "Back to the policy")
    {
        Icon = "ArrowUndo",
        Description = "Drop the values set manually, from the next epoch on.",
        Method = HttpMethod.Delete,
        Path = "/api/run/manual",
        IsEnabled = status => status.IsUnderWay,
    };

    private static readonly ApiCommand s_prelabel = new("prelabel", "Prelabel")
    {
        Icon = "Tag",
        Description = "Label all views of the dataset after the runs before it have ended, so that later runs find them in the cache.",
        Path = "/api/runs",
        Body = () => Request(("Run:Task", RunOptions.Label)),
    };

    /// <summary>Adds the commands.</summary>
    public static IResourceBuilder<ProjectResource> WithTrainerCommands(this IResourceBuilder<ProjectResource> trainer, IResourceBuilder<ParameterResource> key)
    {
        var api = new TrainerApi(trainer.GetEndpoint("http"), key.Resource);
        foreach (var command in s_steering)
            trainer.WithCommand(command, api);
        return trainer
            .WithCommand(
                "set-by-hand",
                "Set manually",
                context => api.SendAsync(HttpMethod.Put, "/api/run/manual", ManualTarget(context.Arguments), context.CancellationToken),
                SetManuallyOptions()
            )
            .WithCommand(s_backToPolicy, api)
            .WithCommand(
                "new-run",
                "New run",
                context => api.SendAsync(HttpMethod.Post, "/api/runs", NewRunRequest(context.Arguments), context.CancellationToken),
                NewRunOptions()
            )
            .WithCommand(s_prelabel, api);
    }

    private static IResourceBuilder<ProjectResource> WithCommand(this IResourceBuilder<ProjectResource> trainer, ApiCommand command, TrainerApi api) =>
        trainer.WithCommand(
            command.Name,
            command.DisplayName,
            context => api.SendAsync(command.Method, command.Path, command.Body(), context.CancellationToken),
            new CommandOptions
            {
                Description = command.Description,
                IconName = command.Icon,
                IsHighlighted = command.IsHighlighted,
                UpdateState = EnabledWhen(command.IsEnabled),
            }
        );

    private static CommandOptions SetManuallyOptions() =>
        new()
        {
            Description = "Set temperature or difficulty threshold for the coming epochs; the policy does not learn from these epochs.",
            IconName = "Options",
            UpdateState = EnabledWhen(status => status.IsUnderWay),
            Arguments =
            [
                new InteractionInput
                {
                    Name = "temperature",
                    Label = "Temperature",
                    Description = "1 to 20; empty: the value of settings or policy",
                    InputType = InputType.Number,
                },
                new InteractionInput
                {
                    Name = "threshold",
                    Label = "Difficulty threshold",
                    Description = "0 to 1; empty: the value of settings or policy",
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

    private static CommandOptions NewRunOptions() =>
        new()
        {
            Description = "Start a run after the runs before it have ended. Empty fields take the trainer's own settings.",
            IconName = "Add",
            UpdateState = EnabledWhen(_ => true),
            Arguments =
            [
                Choice("method", "Method", "Distillation:Method"),
                Choice("study", "Study", "Run:Study"),
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

    private static InteractionInput Choice(string name, string label, string setting) =>
        new()
        {
            Name = name,
            Label = label,
            InputType = InputType.Choice,
            Options =
            [
                .. SettingCatalog
                    .Find(setting)!
                    .Choices.Prepend("")
                    .Select(value => new KeyValuePair<string, string>(value, value.Length > 0 ? value : "as started")),
            ],
        };

    private static Func<UpdateCommandStateContext, ResourceCommandState> EnabledWhen(Func<TrainerStatus, bool> isEnabled) =>
        context =>
            context.Services.GetRequiredService<TrainerWatch>().Current is { } status && isEnabled(status)
                ? ResourceCommandState.Enabled
                : ResourceCommandState.Disabled;

    // Only the syntax is checked here; the trainer checks the values and explains what is wrong.
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
        var wrong = SplitSettings(context.Inputs["settings"].Value).FirstOrDefault(part => part.IndexOf('=', StringComparison.Ordinal) < 1);
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

    private static JsonObject NewRunRequest(InteractionInputCollection arguments) =>
        Request([
            ("Distillation:Method", arguments["method"].Value),
            ("Run:Study", arguments["study"].Value),
            ("Training:Epochs", arguments["epochs"].Value),
            .. SplitSettings(arguments["settings"].Value).Select(part => part.Split('=', 2)).Select(part => (part[0].Trim(), (string?)part[1].Trim())),
        ]);

    private static JsonObject Request(params IEnumerable<(string Name, string? Value)> settings)
    {
        var given = new JsonObject();
        foreach (var (name, value) in settings.Where(setting => !string.IsNullOrWhiteSpace(setting.Value)))
            given[name] = value;
        return new JsonObject { ["settings"] = given };
    }

    private static string[] SplitSettings(string? settings) =>
        settings?.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];
}
