using Microsoft.AspNetCore.Components;

namespace Kd.Training.Reports;

/// <summary>Renders report.html. Styles, charts and pictures are embedded, so that the file can be shared.</summary>
public sealed partial class RunReportPage
{
    private const string Style = """
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 84rem; padding: 0 1rem; color-scheme: light dark; }
        table { border-collapse: collapse; } td, th { border: 1px solid #8886; padding: .2rem .6rem; text-align: right; font-weight: normal; }
        thead th { font-weight: bold; } td:first-child, th:first-child { text-align: left; } figure { margin: 0; } svg { width: 100%; height: auto; }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); gap: 1rem; }
        .pictures { display: flex; flex-wrap: wrap; gap: .8rem; } .pictures img { width: 96px; height: 96px; object-fit: contain; }
        .pictures figcaption { font-size: 12px; max-width: 96px; overflow-wrap: anywhere; }
        """;

    /// <summary>The report.</summary>
    [Parameter, EditorRequired]
    public RunReport Report { get; set; } = null!;

    /// <summary>The charts of the report.</summary>
    [Parameter, EditorRequired]
    public IReadOnlyList<ReportChart> Charts { get; set; } = [];
}
