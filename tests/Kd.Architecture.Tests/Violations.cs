namespace Kd.Architecture.Tests;

/// <summary>Fails a test with everything that a rule found.</summary>
internal static class Violations
{
    /// <summary>Fails with all lines where there is one.</summary>
    public static void AssertNone(IEnumerable<string> found)
    {
        var lines = found.ToList();
        Assert.True(lines.Count == 0, string.Join('\n', lines));
    }
}
