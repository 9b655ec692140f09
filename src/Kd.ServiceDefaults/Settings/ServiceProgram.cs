using Kd.Core.Errors;
using Kd.Core.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.ServiceDefaults.Settings;

/// <summary>Runs a service and turns a user's mistakes into one message and an exit code, without a stack trace.</summary>
public static class ServiceProgram
{
    /// <summary>Exit code of an error that a restart cannot correct: wrong settings, data or weights.</summary>
    public const int UsageError = 2;

    // Not UsageError: a restart may succeed, so a host may try again.
    private const int NotStarted = 1;

    /// <summary>Builds and runs the application.</summary>
    /// <param name="build">Builds the application.</param>
    /// <returns>The process's exit code.</returns>
    public static async Task<int> RunAsync(Func<WebApplication> build)
    {
        try
        {
            await using var app = build();
            var (outcome, lifetime) = (app.Services.GetService<RunOutcome>(), app.Lifetime);
            try
            {
                await app.RunAsync();
            }
            catch (OperationCanceledException)
                when (lifetime.ApplicationStopping.IsCancellationRequested && !lifetime.ApplicationStarted.IsCancellationRequested)
            {
                // A signal came before the service had started.
                return NotStarted;
            }

            return outcome?.ExitCode ?? 0;
        }
        catch (Exception error) when (FindUserError(error) is not null)
        {
            await Console.Error.WriteLineAsync("error: " + PrintableText.Of(FindUserError(error)!));
            return UsageError;
        }
        catch (IOException error) when (error.InnerException is AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"error: {error.Message} Stop the program that uses it, or give another address with --urls.");
            return NotStarted;
        }
    }

    /// <summary>Finds the message of a user's mistake in an exception or its causes; null if there is none.</summary>
    public static string? FindUserError(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is UserException)
                return cause.Message;
        }

        return null;
    }
}

/// <summary>Outcome of the service's work.</summary>
public sealed class RunOutcome
{
    /// <summary>Exit code of the process. Default 0.</summary>
    public int ExitCode { get; set; }
}
