using System.Globalization;
using System.Security.Authentication;
using Grpc.Core;
using Polly;
using Polly.Retry;

namespace Kd.ServiceDefaults.Connections;

/// <summary>Retries calls to a service that is temporarily unavailable, with backoff and jitter, on another connection each time.</summary>
public static class PatientCall
{
    /// <summary>Header of a call that was tried before: the number of earlier attempts.</summary>
    public const string AttemptHeader = "kd-attempt";

    // A service that is just being stopped may break off its proof.
    private const int MostUnproven = 4;

    /// <summary>Whether the program at the address does not prove the services' key.</summary>
    public static bool IsUnproven(RpcException error)
    {
        for (var cause = error.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException)
                return true;
        }

        return false;
    }

    /// <summary>Builds the pipeline; it retries until the call succeeds, fails for another reason, or is canceled.</summary>
    /// <param name="firstDelay">Backoff after the first failure; doubled each time.</param>
    /// <param name="largestDelay">Longest backoff.</param>
    /// <param name="time">Clock for the delays.</param>
    /// <param name="onRetry">Called after each failure with the error, the attempt (from 0) and the delay.</param>
    public static ResiliencePipeline Create(TimeSpan firstDelay, TimeSpan largestDelay, TimeProvider time, Action<RpcException, int, TimeSpan> onRetry) =>
        new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(
                new RetryStrategyOptions
                {
                    ShouldHandle = retry =>
                        ValueTask.FromResult(
                            retry.Outcome.Exception is RpcException error && (IsUnproven(error) ? retry.AttemptNumber < MostUnproven : IsPassing(error))
                        ),
                    MaxRetryAttempts = int.MaxValue,
                    BackoffType = DelayBackoffType.Exponential,
                    UseJitter = true,
                    Delay = firstDelay,
                    MaxDelay = largestDelay,
                    DelayGenerator = retry => ValueTask.FromResult(Pushback((RpcException)retry.Outcome.Exception!)),
                    OnRetry = retry =>
                    {
                        onRetry((RpcException)retry.Outcome.Exception!, retry.AttemptNumber, retry.RetryDelay);
                        return ValueTask.CompletedTask;
                    },
                }
            )
            .Build();

    // A server at its limit says when to retry; otherwise the backoff applies.
    private static TimeSpan? Pushback(RpcException error) =>
        int.TryParse(error.Trailers.GetValue("grpc-retry-pushback-ms"), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, 1, 60_000))
            : null;

    private static bool IsPassing(RpcException error) =>
        error.StatusCode is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Aborted
        // Without a hint it is a limit on the size of messages, which the next attempt exceeds too.
        || (error.StatusCode == StatusCode.ResourceExhausted && Pushback(error) is not null)
        // A connection broke in the middle of a call.
        || (error.StatusCode is StatusCode.Internal or StatusCode.Unknown && error.InnerException is HttpRequestException or IOException)
        // A server that is stopping cancels its calls; cancellation by the caller throws an OperationCanceledException instead.
        || error.StatusCode is StatusCode.Cancelled;
}
