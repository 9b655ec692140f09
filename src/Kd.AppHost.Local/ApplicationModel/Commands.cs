using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>How a command of a resource looks in Aspire's dashboard.</summary>
public class CommandOptions
{
    /// <summary>Name of its icon.</summary>
    public string? IconName { get; set; }

    /// <summary>Whether it is shown beside the resource and not in its menu.</summary>
    public bool IsHighlighted { get; set; }
}

/// <summary>The same for a command that sends an HTTP request.</summary>
public class HttpCommandOptions : CommandOptions
{
    /// <summary>POST where it is null.</summary>
    public HttpMethod? Method { get; set; }
}

/// <summary>What a command gets.</summary>
public sealed class ExecuteCommandContext
{
    /// <summary>The host's services.</summary>
    public required IServiceProvider ServiceProvider { get; init; }

    /// <summary>The resource.</summary>
    public required string ResourceName { get; init; }

    /// <summary>Cancels.</summary>
    public required CancellationToken CancellationToken { get; init; }
}

/// <summary>How a command ended.</summary>
public sealed class ExecuteCommandResult
{
    /// <summary>Whether it did its work.</summary>
    public required bool Success { get; init; }

    /// <summary>Whether the user took it back.</summary>
    public bool Canceled { get; init; }

    /// <summary>Why it did not.</summary>
    public string? ErrorMessage { get; init; }
}

/// <summary>Makes results.</summary>
public static class CommandResults
{
    /// <summary>It did its work.</summary>
    public static ExecuteCommandResult Success() => new() { Success = true };

    /// <summary>The user took it back.</summary>
    public static ExecuteCommandResult Canceled() => new() { Success = false, Canceled = true };

    /// <summary>It did not do its work.</summary>
    public static ExecuteCommandResult Failure(string? errorMessage = null) => new() { Success = false, ErrorMessage = errorMessage };
}

/// <summary>A command as it was declared; here nobody shows it, and the run page has the same.</summary>
internal sealed record DeclaredCommand(string Name, string DisplayName, string? Path, HttpMethod? Method, Func<ExecuteCommandContext, Task<ExecuteCommandResult>>? Execute);

/// <summary>A named field of a dialog.</summary>
public sealed class InteractionInput
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Before the field.</summary>
    public string? Label { get; init; }

    /// <summary>What it takes.</summary>
    public required InputType InputType { get; init; }

    /// <summary>Whether it must not be empty.</summary>
    public bool Required { get; init; }

    /// <summary>Values with their texts, of a choice.</summary>
    public IReadOnlyList<KeyValuePair<string, string>>? Options { get; set; }

    /// <summary>Its value.</summary>
    public string? Value { get; set; }
}

/// <summary>What a field takes.</summary>
public enum InputType
{
    /// <summary>A line.</summary>
    Text,

    /// <summary>A line that is not shown.</summary>
    SecretText,

    /// <summary>One of several values.</summary>
    Choice,

    /// <summary>Yes or no.</summary>
    Boolean,

    /// <summary>A number.</summary>
    Number,
}

/// <summary>The fields of a dialog.</summary>
/// <param name="inputs">In order.</param>
public sealed class InteractionInputCollection(IReadOnlyList<InteractionInput> inputs) : IReadOnlyList<InteractionInput>
{
    /// <inheritdoc/>
    public int Count => inputs.Count;

    /// <inheritdoc/>
    public InteractionInput this[int index] => inputs[index];

    /// <summary>The field of a name.</summary>
    public InteractionInput this[string name] => inputs.First(input => input.Name == name);

    /// <inheritdoc/>
    public IEnumerator<InteractionInput> GetEnumerator() => inputs.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>How a dialog ended.</summary>
/// <typeparam name="T">What it gives.</typeparam>
public class InteractionResult<T>
{
    internal InteractionResult(T? data, bool canceled) => (Data, Canceled) = (data, canceled);

    /// <summary>What it gave.</summary>
    public T? Data { get; }

    /// <summary>Whether the user left it.</summary>
    [MemberNotNullWhen(false, nameof(Data))]
    public bool Canceled { get; }
}
