using Kd.Settings;
using Kd.Training.Configuration;
using Microsoft.Extensions.Configuration;

namespace Kd.Training.Tests.Configuration;

public sealed class TeacherTrainingTests
{
    [Fact]
    public void Read_Weights_AreTunedWithSmallSteps()
    {
        var configuration = Read("Teacher:Architecture=resnet50", "Teacher:Weights=resnet50.pth");

        Assert.Equal(("resnet50", "resnet50.pth"), (configuration.Student.Architecture, configuration.Student.Weights));
        Assert.Equal((Methods.Labels, StudyKinds.None), (configuration.Distillation.Method, configuration.Run.Study));
        Assert.Equal((0.02, 0.1), (configuration.Training.LearningRate, configuration.Training.BackboneRate));
        Assert.Equal(0, configuration.Views.PerSample);
    }

    [Theory]
    [InlineData("Teacher:Weights=random")]
    [InlineData("Teacher:Seed=1")]
    public void Read_NoWeights_TrainsFromNothing(string setting)
    {
        var configuration = Read("Teacher:Architecture=resnet50", setting);

        Assert.True(string.IsNullOrEmpty(configuration.Student.Weights));
        Assert.Equal((new TrainingOptions().LearningRate, 1), (configuration.Training.LearningRate, configuration.Training.BackboneRate));
    }

    [Fact]
    public void Read_GivenSettings_WinOverTheTasksDefaults()
    {
        var configuration = Read("Teacher:Weights=resnet152.pth", "Training:LearningRate=0.5", "Training:BackboneRate=1", "Views:PerSample=4");

        Assert.Equal("resnet152", configuration.Student.Architecture);
        Assert.Equal((0.5, 1, 4), (configuration.Training.LearningRate, configuration.Training.BackboneRate, configuration.Views.PerSample));
    }

    [Theory]
    [InlineData("Teacher:Architecture=onnx", "Teacher:Architecture is 'onnx'. Run:Task=teacher can train ")]
    [InlineData("Student:Architecture=resnet18", "Student:Architecture is 'resnet18', but Run:Task=teacher trains the network of Teacher:Architecture.")]
    [InlineData("Student:Weights=w.pth", "Student:Weights is 'w.pth', but Run:Task=teacher starts from Teacher:Weights.")]
    [InlineData("Distillation:Method=kd", "Distillation:Method is 'kd', but Run:Task=teacher trains on the labels.")]
    [InlineData("Run:Study=true", "Run:Study is 'methods', but Run:Task=teacher trains one network.")]
    [InlineData("Dataset:Path=none", "Distillation:Method is 'labels', which needs labels, but Dataset:Path is 'none'.")]
    public void Read_Contradiction_IsAMistake(string setting, string expected) =>
        Assert.StartsWith(expected, Assert.Throws<SettingsException>(() => Read(setting)).Message);

    private static RunConfiguration Read(params string[] settings) =>
        RunConfiguration.Read(
            new ConfigurationBuilder()
                .AddInMemoryCollection([
                    new("Run:Task", "teacher"),
                    .. settings.Select(setting => new KeyValuePair<string, string?>(setting.Split('=')[0], setting.Split('=')[1])),
                ])
                .Build()
        );
}
