using Kd.Settings;
using Kd.Training.Configuration;
using Kd.Training.Studies;

namespace Kd.Training.Tests.Studies;

public sealed class StudyArmTests
{
    [Theory]
    [InlineData(StudyKinds.Methods, "kd-curriculum")]
    [InlineData(StudyKinds.Students, "mobilenet_v2")]
    public void All_LongestArm_IsKnown(string study, string expected)
    {
        var configuration = RunConfiguration.CreateDefault() with { Run = new RunOptions { Study = study } };

        Assert.Equal(expected, StudyArm.All(configuration).MaxBy(arm => arm.Length)!.Name);
    }
}
