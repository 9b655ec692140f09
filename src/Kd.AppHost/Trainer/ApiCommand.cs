using System.Text.Json.Nodes;

namespace Kd.AppHost.Trainer;

/// <summary>A command that sends one request to the trainer's API.</summary>
/// <param name="Name">The name in the Aspire CLI.</param>
/// <param name="DisplayName">The name in the dashboard.</param>
internal sealed record ApiCommand(string Name, string DisplayName)
{
    /// <summary>One sentence that says what the command does.</summary>
    public required string Description { get; init; }

    /// <summary>Fluent UI icon.</summary>
    public required string Icon { get; init; }

    /// <summary>HTTP method. Default POST.</summary>
    public HttpMethod Method { get; init; } = HttpMethod.Post;

    /// <summary>Path of the request.</summary>
    public required string Path { get; init; }

    /// <summary>Creates the JSON body. Default: none.</summary>
    public Func<JsonObject?> Body { get; init; } = () => null;

    /// <summary>Whether the command is enabled in a state of the run. Default: always.</summary>
    public Func<TrainerStatus, bool> IsEnabled { get; init; } = _ => true;

    /// <summary>Whether the dashboard shows the command's icon in the table of resources.</summary>
    public bool IsHighlighted { get; init; }
}
