using System.ComponentModel.DataAnnotations;
using Kd.Training.Control;
using Kd.Training.Curriculum;
using Kd.Training.Teaching;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Kd.StudentTrainer.Api;

/// <summary>Maps the HTTP API that shows and controls the current run. Described at <c>/openapi/v1.json</c>.</summary>
internal static class RunApi
{
    /// <summary>Maps the endpoints below <c>/api/run</c>.</summary>
    public static void MapRunApi(this WebApplication app)
    {
        var run = app.MapGroup("/api/run").WithTags("Run");
        run.MapGet("", (RunMonitor monitor, RunControl control) => Status(monitor, control))
            .WithName("GetRun")
            .WithSummary("Gets the status of the current run.");
        run.MapGet("/replicas", (TeacherGroup teacher) => teacher.Replicas)
            .WithName("GetReplicas")
            .WithSummary("Lists how each replica of the teachers has been used since the trainer started.");
        run.MapGet("/workers", (RunMonitor monitor) => monitor.Workers)
            .WithName("GetWorkers")
            .WithSummary("Lists the runs of the current study that other processes have in progress.");
        run.MapGet("/messages", (RunMonitor monitor) => monitor.Lines).WithName("GetMessages").WithSummary("Lists the last messages of the trainer.");
        run.MapPost("/pause", (RunMonitor monitor, RunControl control) => TryControl(monitor, control, "pause", control.Pause))
            .WithName("PauseRun")
            .WithSummary("Pauses the run before its next step, after saving a checkpoint.");
        run.MapPost("/resume", (RunMonitor monitor, RunControl control) => TryControl(monitor, control, "resume", control.Resume))
            .WithName("ResumeRun")
            .WithSummary("Resumes a paused run; also cancels a pending stop.");
        run.MapPost("/stop", (RunMonitor monitor, RunControl control) => TryControl(monitor, control, "stop", control.StopAfterEpoch))
            .WithName("StopRun")
            .WithSummary("Stops the run after the current epoch; the same command continues it.");
        run.MapPut("/manual", SetManual)
            .WithName("SetManual")
            .WithSummary("Sets temperature or difficulty threshold manually for the coming epochs; the metrics mark these epochs as manual.");
        run.MapDelete("/manual", (RunMonitor monitor, RunControl control) => TryControl(monitor, control, null, () => control.Set(null)))
            .WithName("ClearManual")
            .WithSummary("Returns to the values of the settings or the agent, from the next epoch on.");
    }

    private static Results<Ok<RunStatus>, ValidationProblem> SetManual(ManualRequest request, RunMonitor monitor, RunControl control)
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
        return TypedResults.Ok(Status(monitor, control));
    }

    // Refuses the action when no run is in progress, unless the verb is null: such an action is harmless then.
    private static Results<Ok<RunStatus>, ProblemHttpResult> TryControl(RunMonitor monitor, RunControl control, string? verb, Action action)
    {
        if (verb is not null && !monitor.Status.IsUnderWay)
            return TypedResults.Problem(
                $"No run is in progress (the trainer is {monitor.Status.Phase}), so there is none to {verb}. Start one with POST /api/runs.",
                statusCode: StatusCodes.Status409Conflict
            );
        action();
        return TypedResults.Ok(Status(monitor, control));
    }

    private static RunStatus Status(RunMonitor monitor, RunControl control) => control.Describe(monitor.Status);

    /// <summary>The request to set values manually.</summary>
    internal sealed class ManualRequest
    {
        /// <summary>Softmax temperature, 1 to 20.</summary>
        [Range(1.0, 20.0, ErrorMessage = "temperature must be 1 to 20.")]
        public double? Temperature { get; set; }

        /// <summary>Difficulty threshold, 0 to 1; used only with a curriculum.</summary>
        [Range(0.0, 1.0, ErrorMessage = "threshold must be 0 to 1.")]
        public double? Threshold { get; set; }

        /// <summary>Number of epochs for which the values hold.</summary>
        [Range(1, 100_000, ErrorMessage = "epochs must be 1 to 100000.")]
        public int Epochs { get; set; } = 1;
    }
}
