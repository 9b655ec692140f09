using System.Text.Json;
using Kd.StudentTrainer.Page;
using Kd.StudentTrainer.Runs;
using Kd.StudentTrainer.Steering;
using Kd.StudentTrainer.Training;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Kd.StudentTrainer.Queue;

/// <summary>The HTTP API of the runs: which there are, which wait, and new ones. Described at <c>/openapi/v1.json</c>.</summary>
internal static class QueueApi
{
    /// <summary>Maps it below <c>/api/runs</c>.</summary>
    public static void MapQueueApi(this WebApplication app)
    {
        var runs = app.MapGroup("/api/runs").WithTags("Runs").AddEndpointFilter(SteeringApi.RefuseOtherSites);
        runs.MapGet("", (RunLibrary library) => library.Runs())
            .WithName("GetRuns")
            .WithSummary("The runs below Run:Folder that have finished an epoch, the last changed first.");
        runs.MapPost("", Add)
            .WithName("StartRun")
            .WithSummary("Starts a run with the trainer's settings and those given here, as soon as those before it have ended.");
        runs.MapGet("/waiting", (RunQueue queue) => queue.Runs)
            .WithName("GetWaitingRuns")
            .WithSummary("The runs that were asked for here and have not ended; the first may be under way.");
        runs.MapDelete("/waiting/{id}", Remove).WithName("RemoveWaitingRun").WithSummary("Takes back a run that has not begun.");
    }

    private static Results<Accepted<QueuedRun>, ValidationProblem, ProblemHttpResult> Add(RunRequest? request, RunQueue queue)
    {
        var settings = request?.Settings?.ToDictionary(setting => setting.Key, setting => setting.Value.ToString()) ?? [];
        try
        {
            return TypedResults.Accepted("/api/runs/waiting", queue.Add(settings));
        }
        catch (RunSettingsException error)
        {
            return TypedResults.ValidationProblem(
                error.Problems.GroupBy(problem => problem.Split(' ')[0]).ToDictionary(group => group.Key, group => group.ToArray())
            );
        }
        catch (Exception error) when (error is QueueClosedException or TrainingException)
        {
            return TypedResults.Problem(error.Message, statusCode: StatusCodes.Status409Conflict);
        }
    }

    private static Results<NoContent, ProblemHttpResult> Remove(string id, RunQueue queue)
    {
        if (queue.Current == id)
            return TypedResults.Problem($"The run '{id}' is under way. Stop it with POST /api/run/stop.", statusCode: StatusCodes.Status409Conflict);
        return queue.Remove(id)
            ? TypedResults.NoContent()
            : TypedResults.Problem($"No run of the name '{id}' waits.", statusCode: StatusCodes.Status404NotFound);
    }

    /// <summary>A run that is asked for.</summary>
    /// <param name="Settings">Those that differ from the trainer's: <c>Section:Name</c> to text, number or truth value.</param>
    internal sealed record RunRequest(Dictionary<string, JsonElement>? Settings);
}
