namespace Kd.RunPage.Charts;

/// <summary>
/// Colors of charts, distinct on light and dark backgrounds and for those who cannot tell red from green. A run has the same color in all charts of a page.
/// </summary>
internal static class ChartColors
{
    private static readonly string[] s_distinct =
    [
        "#0f7fd6",
        "#e07b1f",
        "#2a9d74",
        "#c04f9c",
        "#8a7ae6",
        "#c9a20c",
        "#5b8fa8",
        "#d6524a",
        "#7d9b2f",
        "#9a6b4f",
    ];

    /// <summary>The color of a line; there are ten, which repeat.</summary>
    public static string Distinct(int index) => s_distinct[index % s_distinct.Length];

    /// <summary>A step of a scale from blue (low) over gray to orange (high).</summary>
    public static string OnScale(int step, int steps)
    {
        var at = steps < 2 ? 0 : (double)step / (steps - 1);
        var (low, middle, high) = ((R: 0x1f, G: 0x6f, B: 0xc4), (R: 0xb9, G: 0xc0, B: 0xc6), (R: 0xd9, G: 0x5f, B: 0x0e));
        var (from, to, share) = at < 0.5 ? (low, middle, 2 * at) : (middle, high, 2 * at - 1);
        return $"#{Mix(from.R, to.R):x2}{Mix(from.G, to.G):x2}{Mix(from.B, to.B):x2}";

        int Mix(int a, int b) => (int)Math.Round(a + share * (b - a));
    }
}
