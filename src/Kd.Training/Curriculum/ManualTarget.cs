namespace Kd.Training.Curriculum;

/// <summary>Temperature and threshold that were set manually and override those of the settings or the agent.</summary>
/// <param name="Temperature">Softmax temperature, 1 to 20; null: unchanged.</param>
/// <param name="Threshold">Difficulty threshold, 0 to 1; null: unchanged.</param>
/// <param name="Epochs">Number of epochs for which the values hold, at least 1.</param>
public sealed record ManualTarget(double? Temperature, double? Threshold, int Epochs);
