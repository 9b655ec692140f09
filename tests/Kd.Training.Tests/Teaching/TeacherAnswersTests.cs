using Kd.Training.Teaching;
using Kd.Vision.Runtime;

namespace Kd.Training.Tests.Teaching;

public sealed class TeacherAnswersTests
{
    public TeacherAnswersTests() => TorchRuntime.EnsureLoaded();

    // Two views: the mean of (1/2, 1/2) and (3/4, 1/4) with the weights 1/4 and 3/4 is (11/16, 5/16).
    [Fact]
    public void Mean_TwoTeachers_IsThatOfTheirProbabilities()
    {
        var third = MathF.Log(3);

        var mean = new TeacherAnswers(
            [
                [0, 0, 5, 5],
                [third, 0, 0, third],
            ],
            [0.25, 0.75]
        ).Mean(2);

        Assert.Equal([11 / 16f, 5 / 16f, 5 / 16f, 11 / 16f], mean.Select(MathF.Exp), (a, b) => MathF.Abs(a - b) < 1e-6f);
    }

    // Its weight goes to the others in their proportion: 1 to 3 again.
    [Fact]
    public void Mean_OneOfThreeAway_IsThatOfTheOthers()
    {
        var third = MathF.Log(3);

        var mean = new TeacherAnswers(
            [
                [0, 0],
                null,
                [third, 0],
            ],
            [0.125, 0.5, 0.375]
        ).Mean(1);

        Assert.Equal([11 / 16f, 5 / 16f], mean.Select(MathF.Exp), (a, b) => MathF.Abs(a - b) < 1e-6f);
    }

    [Fact]
    public void Mean_OneLeft_IsItsOwnLogits()
    {
        float[] logits = [1, 2, 3];

        Assert.Same(logits, new TeacherAnswers([null, logits], [0.5, 0.5]).Mean(1));
    }
}
