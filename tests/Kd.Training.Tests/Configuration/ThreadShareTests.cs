using Kd.Settings;
using Kd.Training.Configuration;
using Kd.Training.Studies;
using Microsoft.Extensions.Configuration;

namespace Kd.Training.Tests.Configuration;

public sealed class ThreadShareTests
{
    private static readonly int s_cores = ThreadShare.Cores;

    [Fact]
    public void Read_NoThreads_AreTheShareOfAWorker()
    {
        Assert.Equal(s_cores, Threads());
        // A single run has no workers.
        Assert.Equal(s_cores, Threads("Run:Workers=2"));
        Assert.Equal(Math.Max(1, s_cores / 2), Threads("Run:Workers=2", "Run:Study=methods"));
        Assert.Equal(1, Threads("Run:Workers=256", "Run:Seeds=3"));
        Assert.Equal(3, Threads("Run:Workers=2", "Run:Study=methods", "Run:Threads=3"));
    }

    // The AppHost tells what a small teacher takes; a run of labels has none.
    [Fact]
    public void Read_CoresOfTheTeacher_AreLeftToIt()
    {
        Assert.Equal(Math.Max(1, s_cores - 1), Threads("Host:TeacherCores=1", "Distillation:Method=kd"));
        Assert.Equal(s_cores, Threads("Host:TeacherCores=1", "Distillation:Method=labels"));
        Assert.Equal(Math.Max(1, (s_cores - 1) / 2), Threads("Host:TeacherCores=1", "Run:Workers=2", "Run:Study=true", "Distillation:Method=labels"));
        Assert.Equal(1, Threads("Host:TeacherCores=1000"));
        Assert.Equal(3, Threads("Host:TeacherCores=1", "Run:Threads=3"));
    }

    [Theory]
    [InlineData(StudyKinds.None)]
    [InlineData(StudyKinds.Methods)]
    [InlineData(StudyKinds.Views)]
    [InlineData(StudyKinds.Curriculum)]
    public void ArmsOf_IsTheNumberOfArms(string study)
    {
        var configuration = RunConfiguration.CreateDefault();
        configuration.Run.Study = study;
        Assert.Equal(StudyArm.All(configuration).Count, StudyKinds.ArmsOf(study));
    }

    private static int Threads(params string[] settings) =>
        RunConfiguration
            .Read(
                new ConfigurationBuilder()
                    .AddInMemoryCollection(settings.Select(setting => setting.Split('=')).Select(pair => new KeyValuePair<string, string?>(pair[0], pair[1])))
                    .Build()
            )
            .Run.Threads;
}
