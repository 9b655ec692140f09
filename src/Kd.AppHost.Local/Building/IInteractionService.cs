using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>Aspire's dialogs, as far as AppHost.cs uses them; the local host has none.</summary>
public interface IInteractionService
{
    /// <summary>Asks for several values at once.</summary>
    Task<InteractionResult<InteractionInputCollection>> PromptInputsAsync(string title, string? message, IReadOnlyList<InteractionInput> inputs, object? options = null, CancellationToken cancellationToken = default);
}
