using Kd.Training.Configuration;

namespace Kd.Training.Tests.Configuration;

public sealed class TeacherSharesTests
{
    [Theory]
    [InlineData("", 1, new[] { 1.0 })]
    [InlineData("", 4, new[] { 0.25, 0.25, 0.25, 0.25 })]
    [InlineData("3, 1", 2, new[] { 0.75, 0.25 })]
    [InlineData("0.5,0.5,1", 3, new[] { 0.25, 0.25, 0.5 })]
    public void TryParse_Weights_SumToOne(string text, int teachers, double[] expected) => Assert.Equal(expected, TeacherShares.TryParse(text, teachers));

    [Theory]
    [InlineData("2,1", 3)]
    [InlineData("2,1", 1)]
    [InlineData("2,0", 2)]
    [InlineData("2,-1", 2)]
    [InlineData("2,x", 2)]
    [InlineData("2,NaN", 2)]
    [InlineData("2;1", 2)]
    [InlineData(",", 2)]
    public void TryParse_NoWeights_GivesNull(string text, int teachers) => Assert.Null(TeacherShares.TryParse(text, teachers));
}
