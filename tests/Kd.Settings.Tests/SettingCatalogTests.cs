using Kd.Tests;

namespace Kd.Settings.Tests;

public sealed class SettingCatalogTests
{
    private const string Begin = "<!-- settings -->\n",
        End = "<!-- end of settings -->";

    /// <summary>Writes the table of docs/running.md instead of comparing it.</summary>
    private const string Update = "KD_UPDATE_DOCS";

    [Theory]
    [InlineData("training:epochs", "Training:Epochs", "30", "1 to 100000")]
    [InlineData("Run:CheckpointEvery", "Run:CheckpointEvery", "00:01:00", "00:00:00.01 to 1.00:00:00")]
    [InlineData("Student:Form", "Student:Form", "Auto", "Auto, Small, Standard")]
    [InlineData("Training:Optimizer", "Training:Optimizer", "sgd", "adam, adamw, sgd")]
    [InlineData("Training:LearningRate", "Training:LearningRate", "0.2", "0.000000001 to 10")]
    [InlineData("Dataset:Check", "Dataset:Check", "true", "true, false")]
    [InlineData("Device", "Device", "auto", "")]
    public void Find_AnyCase_GivesDefaultAndAllowedValues(string name, string found, string defaultValue, string allowed)
    {
        var setting = SettingCatalog.Find(name)!;
        Assert.Equal((found, defaultValue, allowed), (setting.Name, setting.Default, setting.Allowed));
    }

    [Fact]
    public void Find_UnknownName_GivesNull() => Assert.Null(SettingCatalog.Find("Training:Epoch"));

    [Fact]
    public void All_Settings_HaveASentenceOfHelpAndAUniqueName()
    {
        Assert.All(SettingCatalog.All, setting => Assert.True(setting.About.Help is [_, .., '.'], setting.Name));
        Assert.Equal(SettingCatalog.All.Count, SettingCatalog.All.Select(setting => setting.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public void RunningPage_TableOfSettings_IsTheCatalog()
    {
        var path = Path.Combine(TestFiles.RepositoryRoot, "docs", "running.md");
        var text = File.ReadAllText(path);
        var (from, to) = (text.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length, text.IndexOf(End, StringComparison.Ordinal));
        if (Environment.GetEnvironmentVariable(Update) is not null)
            File.WriteAllText(path, text[..from] + Table() + text[to..]);
        else
            Assert.True(text[from..to] == Table(), $"The table of docs/running.md is not that of the options. Run this test with {Update}=1 to write it.");
    }

    private static string Table() => string.Concat(SettingCatalog.All.Select(Row).Prepend("| setting | default | allowed | |\n| --- | --- | --- | --- |\n"));

    private static string Row(Setting setting) =>
        $"| `{setting.Name}` | {(setting.Default.Length > 0 ? $"`{setting.Default}`" : "")} | {setting.Allowed} | "
        + $"{setting.About.Help.Replace("|", "\\|", StringComparison.Ordinal)} |\n";
}
