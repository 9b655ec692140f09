namespace Kd.Training.Reports;

/// <summary>A chart of a report.</summary>
/// <param name="Name">Name of its file, without extension.</param>
/// <param name="Svg">The chart as SVG.</param>
public sealed record ReportChart(string Name, string Svg);
