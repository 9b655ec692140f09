using System.Text.Json;
using Kd.Settings;
using Kd.Training.Artifacts;
using Kd.Training.Diagnostics;
using Kd.Training.Queue;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Kd.StudentTrainer.Api;

/// <summary>Maps the HTTP API that lists runs and manages the queue. Described at <c>/openapi/v1.json</c>.</summary>
internal static class QueueApi
{
    /// <summary>Maps the endpoints below <c>/api/runs</c>.</summary>
    public static void MapQueueApi(this WebApplication app)
    {
        var runs = app.MapGroup("/api/runs").WithTags("Runs");
        runs.MapGet("", (RunLibrary library) => library.Runs())
            .WithName("GetRuns")
            .WithSummary("Lists the runs below Run:Folder that have finished an epoch, the most recently changed first.");
        runs.MapPost("", Add)
            .WithName("StartRun")
            .WithSummary("Queues a run with the trainer's settings and those given here; it starts when the runs before it have ended.");
        runs.MapGet("/waiting", (RunQueue queue) => queue.Runs)
            .WithName("GetWaitingRuns")
            .WithSummary("Lists the queued runs that have not ended, and those that have failed; the first may be in progress.");
        runs.MapPost("/waiting/{id}/retry", Retry).WithName("RetryWaitingRun").WithSummary("Lets a failed run wait for its turn again.");
        runs.MapDelete("/waiting/{id}", Remove).WithName("RemoveWaitingRun").WithSummary("Removes a queued run that has not started.");
    }

    private static Results<Accepted<QueuedRun>, ValidationProblem, ProblemHttpResult> Add(RunRequest? request, RunQueue queue)
    {
        try
        {
            var settings = request?.Settings?.ToDictionary(setting => setting.Key, setting => TextOf(setting.Key, setting.Value)) ?? [];
            return TypedResults.Accepted("/api/runs/waiting", queue.Add(settings));
        }
        catch (SettingsException error)
        {
            return TypedResults.ValidationProblem(
                error.Problems.GroupBy(problem => problem.Name).ToDictionary(group => group.Key, group => group.Select(problem => problem.Message).ToArray())
            );
        }
        catch (Exception error) when (error is QueueClosedException or TrainingException)
        {
            return TypedResults.Problem(error.Message, statusCode: StatusCodes.Status409Conflict);
        }
    }

    private static string TextOf(string name, JsonElement value)
    {
        try
        {
            return value.ToString();
        }
        catch (InvalidOperationException)
        {
            throw new SettingsException(name, $"{name} is not valid UTF-8. Send the request in UTF-8.");
        }
    }

    private static Results<NoContent, ProblemHttpResult> Remove(string id, RunQueue queue)
    {
        if (queue.Current == id)
            return TypedResults.Problem($"The run '{id}' is in progress. Stop it with POST /api/run/stop.", statusCode: StatusCodes.Status409Conflict);
        return queue.Remove(id)
            ? TypedResults.NoContent()
            : TypedResults.Problem($"No queued run has the name '{id}'.", statusCode: StatusCodes.Status404NotFound);
    }

    private static Results<NoContent, ProblemHttpResult> Retry(string id, RunQueue queue) =>
        queue.Retry(id) ? TypedResults.NoContent() : TypedResults.Problem($"No failed run has the name '{id}'.", statusCode: StatusCodes.Status404NotFound);

    /// <summary>The request to queue a run.</summary>
    /// <param name="Settings">Settings that differ from the trainer's: <c>Section:Name</c> to a string, number or Boolean.</param>
    internal sealed record RunRequest(Dictionary<string, JsonElement>? Settings);
}
