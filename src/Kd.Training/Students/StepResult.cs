namespace Kd.Training.Students;

/// <summary>The result of a step.</summary>
/// <param name="Loss">Mean loss of the batch.</param>
/// <param name="Difficulty">Difficulty of each sample, or null without a teacher.</param>
/// <param name="Losses">Unweighted loss of each sample, or null without weights.</param>
/// <param name="Times">Time by kind of work.</param>
/// <param name="Chosen">The student's predictions for the chosen rows, before the step; null: none.</param>
internal readonly record struct StepResult(float Loss, float[]? Difficulty, float[]? Losses, StepTimes Times, ChosenRows? Chosen = null);

/// <summary>Predictions of some rows of a batch.</summary>
/// <param name="Rows">Indexes of the rows.</param>
/// <param name="Probabilities">Probabilities, row-major [rows, C], at temperature 1.</param>
internal sealed record ChosenRows(int[] Rows, float[] Probabilities);
