using Kd.Training.Studies;

namespace Kd.Training.Tests.Studies;

public sealed class PairedComparisonTests
{
    // Student's own data of 1908, two soporifics on ten patients: t = 4.0621, p = 0.00283, interval 0.70 to 2.46.
    [Fact]
    public void Of_StudentsSleepData_GivesThePublishedNumbers()
    {
        double[] first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        double[] second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

        var test = PairedComparison.Of(second, first);

        Assert.Equal(1.58, test.Difference, 1e-9);
        Assert.Equal(0.002833, test.Probability, 1e-6);
        Assert.Equal((0.7001, 2.4599), (Math.Round(test.Low, 4), Math.Round(test.High, 4)));
    }

    // The same data: t = (1.58 + 1) / 0.38896 and (1.58 - 2) / 0.38896 with 9 degrees of freedom.
    [Fact]
    public void NotBelowAndEquivalence_StudentsSleepData_AreOneSidedTests()
    {
        var test = new PairedComparison(1.58, 0.7001, 2.4599, 0.002833, 0.38896, 9);

        Assert.Equal(4.7787e-5, test.NotBelow(1), 1e-7);
        Assert.Equal(0.1541, test.Equivalence(2), 1e-4);
        Assert.Equal(0.9149, test.Equivalence(1), 1e-4);
    }

    [Fact]
    public void Of_EqualArms_IsNoDifference() => Assert.Equal(new PairedComparison(0, 0, 0, 1, 0, 2), PairedComparison.Of([1, 2, 3], [1, 2, 3]));

    [Fact]
    public void Of_OnePair_SaysWhatIsMissing() =>
        Assert.Contains("at least two pairs", Assert.Throws<ArgumentException>(() => PairedComparison.Of([1], [2])).Message);

    // 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1, never falling.
    [Fact]
    public void Holm_FourProbabilities_CorrectsThem() =>
        Assert.Equal([0.06, 0.04, 0.06, 0.06], PairedComparison.Holm([0.03, 0.01, 0.04, 0.02]).Select(value => Math.Round(value, 12)));
}
