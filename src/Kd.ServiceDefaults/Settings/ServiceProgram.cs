using Kd.Core.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Kd.ServiceDefaults.Settings;

/// <summary>Runs a service and turns a user's mistakes into one message and an exit code, without a stack trace.</summary>
public static class ServiceProgram
{
    /// <summary>Exit code of a mistake that a restart cannot mend: wrong settings, data or weights.</summary>
    public const int UsageError = 2;

    // Unlike the user's mistakes it may mend itself, so a host may try again.
    private const int AddressInUse = 1;

    /// <summary>Builds and runs the application.</summary>
    /// <param name="build">Builds it.</param>
    /// <returns>The process's exit code.</returns>
    public static async Task<int> RunAsync(Func<WebApplication> build)
    {
        try
        {
            await using var app = build();
            var outcome = app.Services.GetService<RunOutcome>();
            await app.RunAsync();
            return outcome?.ExitCode ?? 0;
        }
        catch (Exception error) when (FindUserError(error) is not null)
        {
            await Console.Error.WriteLineAsync("error: " + FindUserError(error));
            return UsageError;
        }
        catch (IOException error) when (error.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"error: {error.Message} Stop the program that has it, or give another address with --urls.");
            return AddressInUse;
        }
    }

    /// <summary>The message of the user's mistake in an exception or its causes, or null.</summary>
    public static string? FindUserError(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is OptionsValidationException options)
                return string.Join(Environment.NewLine, options.Failures);
            if (cause is UserException)
                return cause.Message;
        }

        return null;
    }
}

/// <summary>How the service's work ended; 0 unless it says otherwise.</summary>
public sealed class RunOutcome
{
    /// <summary>The process's exit code.</summary>
    public int ExitCode { get; set; }
}
