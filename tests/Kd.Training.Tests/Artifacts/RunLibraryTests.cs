using Kd.Tests;
using Kd.Training.Artifacts;
using Kd.Training.Configuration;

namespace Kd.Training.Tests.Artifacts;

public sealed class RunLibraryTests
{
    // Studies of earlier versions have runs that prepared the comparison, with seeds of their own.
    [Fact]
    public void FindStudy_PreparationRuns_AreNotPartOfTheComparison()
    {
        using var folder = TestFiles.CreateFolder();
        using var study = RunFolder.Open(folder.File("study"));
        study.WriteText(RunFolder.ConfigurationFile, """{ "run": { "study": "curriculum", "seed": 3, "seeds": 2 } }""");
        study.WriteJson(
            RunFolder.StudyFile,
            new[]
            {
                FinishedRuns.Result("teacher", 99, 3),
                FinishedRuns.Result("sweep-0.50", 90, 1003),
                FinishedRuns.Result("kd", 70, 3),
                FinishedRuns.Result("kd", 72, 4),
                FinishedRuns.Result("ppo", 60, 3),
            }
        );
        foreach (var run in new[] { "sweep-0.50/seed1003", "kd/seed3", "kd/seed4" })
            study.OpenSubfolder(run).AppendMetrics(FinishedRuns.Epoch(0, 5));
        var configuration = RunConfiguration.CreateDefault();
        configuration.Run.Folder = folder.Path;

        var found = new RunLibrary(configuration).FindStudy("study")!;

        Assert.Equal("kd", found.Winner);
        Assert.Equal((99, 71), (found.TeacherAccuracy, found.MeanAccuracy("kd")));
        Assert.Equal(["study/kd/seed3", "study/kd/seed4"], found.Runs.Select(run => run.Name));
        Assert.Null(new RunLibrary(configuration).FindStudy(""));
        Assert.Null(new RunLibrary(configuration).FindStudy("../elsewhere"));
    }

    [Fact]
    public void SettingsFor_RunOfAnOlderVersion_HasTheDefaultsOfWhatItDoesNotKnow()
    {
        using var folder = TestFiles.CreateFolder();
        using var run = RunFolder.Open(folder.File("old"));
        run.WriteText(RunFolder.ConfigurationFile, """{ "training": { "epochs": 7 } }""");
        run.AppendMetrics(FinishedRuns.Epoch(0, 5));
        var configuration = RunConfiguration.CreateDefault();
        configuration.Run.Folder = folder.Path;

        var settings = new RunLibrary(configuration).SettingsFor("old");

        Assert.Equal(("7", "one-cycle"), (settings["Training:Epochs"], settings["Training:Schedule"]));
    }
}
