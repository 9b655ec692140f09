using System.ComponentModel.DataAnnotations;
using Kd.StudentTrainer.Progress;
using Kd.StudentTrainer.Teaching;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Kd.StudentTrainer.Steering;

/// <summary>The HTTP API of the run: where it is, and what is asked of it. Described at <c>/openapi/v1.json</c>.</summary>
internal static class SteeringApi
{
    /// <summary>Maps it below <c>/api/run</c>.</summary>
    public static void MapSteeringApi(this WebApplication app)
    {
        app.MapOpenApi();
        var run = app.MapGroup("/api/run").WithTags("Run").AddEndpointFilter(RefuseOtherSites);
        run.MapGet("", (ConsoleProgress progress, RunControl control) => Status(progress, control)).WithName("GetRun").WithSummary("Where the run is now.");
        run.MapGet("/replicas", (TeacherClient teacher) => teacher.Replicas)
            .WithName("GetReplicas")
            .WithSummary("What each replica of the teacher answered since the trainer began.");
        run.MapPost("/pause", (ConsoleProgress progress, RunControl control) => Ask(progress, control, "pause", control.Pause))
            .WithName("PauseRun")
            .WithSummary("Stops before the next step; a checkpoint is saved first.");
        run.MapPost("/resume", (ConsoleProgress progress, RunControl control) => Ask(progress, control, "resume", control.Resume))
            .WithName("ResumeRun")
            .WithSummary("Goes on after a pause; also takes back a wish to stop.");
        run.MapPost("/stop", (ConsoleProgress progress, RunControl control) => Ask(progress, control, "stop", control.StopAfterEpoch))
            .WithName("StopRun")
            .WithSummary("Ends after the current epoch; the same command goes on with the next one.");
        run.MapPut("/manual", SetManual)
            .WithName("SetManual")
            .WithSummary("Sets temperature or difficulty threshold by hand for the coming epochs; the run's history shows them as such.");
        run.MapDelete("/manual", (ConsoleProgress progress, RunControl control) => Ask(progress, control, null, () => control.Set(null)))
            .WithName("ClearManual")
            .WithSummary("Goes back to what settings or agent say, from the next epoch on.");
    }

    private static Results<Ok<RunStatus>, ValidationProblem> SetManual(ManualRequest request, ConsoleProgress progress, RunControl control)
    {
        var problems = new List<ValidationResult>();
        if (request.Temperature is null && request.Threshold is null)
            problems.Add(new ValidationResult("Give temperature, threshold or both.", [nameof(ManualRequest.Temperature)]));
        Validator.TryValidateObject(request, new ValidationContext(request), problems, validateAllProperties: true);
        if (problems.Count > 0)
            return TypedResults.ValidationProblem(
                problems
                    .GroupBy(problem => problem.MemberNames.First())
                    .ToDictionary(
                        group => char.ToLowerInvariant(group.Key[0]) + group.Key[1..],
                        group => group.Select(problem => problem.ErrorMessage!).ToArray()
                    )
            );
        control.Set(new ManualTarget(request.Temperature, request.Threshold, request.Epochs));
        return TypedResults.Ok(Status(progress, control));
    }

    // A verb is refused where no run is under way; null: what is asked for is harmless then.
    private static Results<Ok<RunStatus>, ProblemHttpResult> Ask(ConsoleProgress progress, RunControl control, string? verb, Action action)
    {
        if (verb is not null && !progress.Status.IsUnderWay)
            return TypedResults.Problem(
                $"No run is under way (the trainer is {progress.Status.Phase}), so there is none to {verb}. Start one with POST /api/runs.",
                statusCode: StatusCodes.Status409Conflict
            );
        action();
        return TypedResults.Ok(Status(progress, control));
    }

    private static RunStatus Status(ConsoleProgress progress, RunControl control) => control.Describe(progress.Status);

    // A page of another site may send requests here, and its browser says where they come from; programs say nothing.
    internal static async ValueTask<object?> RefuseOtherSites(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var request = context.HttpContext.Request;
        if (
            HttpMethods.IsGet(request.Method)
            || request.Headers.Origin is not [{ } origin]
            || (Uri.TryCreate(origin, UriKind.Absolute, out var from) && from.Authority == request.Host.Value)
        )
            return await next(context);
        return TypedResults.Problem(
            $"The origin '{origin}' is not this service ({request.Host}); pages of other sites cannot steer a run.",
            statusCode: StatusCodes.Status403Forbidden
        );
    }

    /// <summary>What is to be set by hand.</summary>
    internal sealed class ManualRequest
    {
        /// <summary>Softmax temperature, 1 to 20.</summary>
        [Range(1.0, 20.0, ErrorMessage = "temperature must be 1 to 20.")]
        public double? Temperature { get; set; }

        /// <summary>Difficulty threshold, 0 to 1; only with an agent.</summary>
        [Range(0.0, 1.0, ErrorMessage = "threshold must be 0 to 1.")]
        public double? Threshold { get; set; }

        /// <summary>For how many of the coming epochs.</summary>
        [Range(1, 100_000, ErrorMessage = "epochs must be 1 to 100000.")]
        public int Epochs { get; set; } = 1;
    }
}
