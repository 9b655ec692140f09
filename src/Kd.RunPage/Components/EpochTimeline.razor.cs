using System.Globalization;
using Kd.RunPage.Tracing;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Components;

/// <summary>The spans of an epoch as a timeline, where no collector gets them.</summary>
public sealed partial class EpochTimeline
{
    // By the start of the epoch: the epochs of a study's runs have the same numbers.
    private long _chosen;

    /// <summary>Finished epochs: with each there are more spans.</summary>
    [Parameter, EditorRequired]
    public int Epochs { get; set; }

    private IReadOnlyList<EpochTrace> Traces => Recorder.Epochs;

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("F3", CultureInfo.InvariantCulture);

    private static string Describe(Span span, EpochTrace trace) =>
        $"{span.Name}: {Seconds(span.Duration)} s, {Seconds(span.Start - trace.Start)} s after the start";

    private static string Place(Span span, EpochTrace trace) => $"left: {Share(span.Start - trace.Start, trace)}%; width: {Share(span.Duration, trace)}%";

    private static string Share(TimeSpan time, EpochTrace trace) =>
        (100 * Math.Clamp(time / trace.Duration, 0, 1)).ToString("F3", CultureInfo.InvariantCulture);

    private static string Summary(EpochTrace trace) =>
        string.Join(
            "; ",
            trace
                .Spans.GroupBy(span => span.Name)
                .Select(group =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{group.Key}: {group.Count()} of {group.Average(span => span.Duration.TotalMilliseconds):F1} ms on average"
                    )
                )
        );
}
