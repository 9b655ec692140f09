namespace Kd.Vision.Datasets;

/// <summary>Defines the 24 shapes of the demo dataset, in 12 look-alike pairs; each shape is a test of whether a point lies inside it.</summary>
internal static class DemoShapes
{
    private static readonly (string Name, Func<double, double, bool> Inside)[] s_shapes =
    [
        ("disc", (x, y) => Radius(x, y) < 0.85),
        ("ellipse", (x, y) => Radius(x / 1.12, y / 0.78) < 0.85),
        ("square", (x, y) => Box(x, y, 0.72, 0.72)),
        ("cushion", (x, y) => Math.Pow(Math.Abs(x), 3.2) + Math.Pow(Math.Abs(y), 3.2) < 0.5),
        ("triangle", (x, y) => Polygon(x, y, 3, 0.45)),
        ("trapezoid", (x, y) => Polygon(x, y, 3, 0.45) && !Polygon(x, y + 0.42, 3, 0.36)),
        ("pentagon", (x, y) => Polygon(x, y, 5, 0.7)),
        ("hexagon", (x, y) => Polygon(x, y, 6, 0.75)),
        ("star5", (x, y) => Star(x, y, 5)),
        ("star6", (x, y) => Star(x, y, 6)),
        ("plus", (x, y) => Box(x, y, 0.9, 0.26) || Box(x, y, 0.26, 0.9)),
        ("plus-dot", (x, y) => (Box(x, y, 0.9, 0.26) || Box(x, y, 0.26, 0.9)) && Radius(x, y) > 0.3),
        ("ring", (x, y) => Radius(x, y) is > 0.5 and < 0.9),
        ("broken-ring", (x, y) => Radius(x, y) is > 0.5 and < 0.9 && !(y < 0 && Math.Abs(x) < 0.24)),
        ("crescent", (x, y) => Radius(x, y) < 0.88 && Radius(x, y - 0.4) > 0.68),
        ("half-disc", (x, y) => Radius(x, y) < 0.9 && y < 0.1),
        ("stripes-across", (x, y) => Radius(x, y) < 0.9 && Wave(y)),
        ("stripes-slanted", (x, y) => Radius(x, y) < 0.9 && Wave(0.82 * y + 0.57 * Math.Abs(x))),
        ("checkers", (x, y) => Box(x, y, 0.82, 0.82) && Wave(x) ^ Wave(y)),
        ("dots", (x, y) => Box(x, y, 0.85, 0.85) && Dots(x, y)),
        ("heart", (x, y) => Heart(x, y, 0.55)),
        ("drop", (x, y) => Heart(x, y, 0.1)),
        ("bars2", (x, y) => Box(Math.Abs(x) - 0.5, y, 0.24, 0.85)),
        ("letter-h", (x, y) => Box(Math.Abs(x) - 0.5, y, 0.24, 0.85) || Box(x, y, 0.5, 0.16)),
    ];

    /// <summary>Class names, by class index.</summary>
    public static IReadOnlyList<string> Names { get; } = Array.ConvertAll(s_shapes, shape => shape.Name);

    /// <summary>Returns the class that looks most like this one.</summary>
    public static int LookAlike(int label) => label ^ 1;

    /// <summary>Tells whether a point (x and y from -1 to 1) lies inside the shape.</summary>
    public static bool Contains(int label, double x, double y) => s_shapes[label].Inside(x, y);

    private static double Radius(double x, double y) => Math.Sqrt(x * x + y * y);

    private static bool Box(double x, double y, double halfWidth, double halfHeight) => Math.Abs(x) < halfWidth && Math.Abs(y) < halfHeight;

    private static bool Wave(double t) => Math.Sin(t * 3.4 * Math.PI) > 0;

    private static bool Dots(double x, double y) => Math.Sin(x * 3.4 * Math.PI) * Math.Sin(y * 3.4 * Math.PI) > 0.35;

    // A regular polygon with a corner at the top; "inner" is the radius of its inscribed circle.
    private static bool Polygon(double x, double y, int corners, double inner)
    {
        var sector = 2 * Math.PI / corners;
        var angle = Math.Atan2(x, -y);
        var folded = angle - sector * Math.Floor(angle / sector) - sector / 2;
        return Radius(x, y) * Math.Cos(folded) < inner;
    }

    private static bool Star(double x, double y, int points)
    {
        var sector = 2 * Math.PI / points;
        var angle = Math.Atan2(x, -y);
        var folded = Math.Abs(angle - sector * Math.Round(angle / sector)) / (sector / 2);
        return Radius(x, y) < 0.95 - 0.52 * folded;
    }

    private static bool Heart(double x, double y, double cleft)
    {
        var top = Math.Sqrt(Math.Max(0, 1 - Math.Pow(x / 0.85, 2)));
        return Math.Abs(x) < 0.85 && y > -0.3 - 0.5 * top + cleft * 0.9 * Math.Max(0, 1 - Math.Abs(x) / 0.35) && y < 0.9 - 1.25 * Math.Abs(x);
    }
}
