namespace Kd.Settings.Tests;

public sealed class SectionReaderTests
{
    [Fact]
    public void Read_Values_AreConvertedWithoutCase()
    {
        var options = new TrainingOptions();
        Assert.Empty(Read(options, ("epochs", "7"), ("LEARNINGRATE", "0.5"), ("Precision", "bfloat16")));
        Assert.Equal((7, 0.5, TrainingPrecision.BFloat16), (options.Epochs, options.LearningRate, options.Precision));
    }

    [Fact]
    public void Read_SeveralMistakes_NamesEachWithItsValueAndWhatIsAllowed()
    {
        var problems = Read(new TrainingOptions(), ("Epoch", "3"), ("BatchSize", "many"), ("Epochs", "0"), ("Optimizer", "lion"));
        Assert.Equal(["Training:Epoch", "Training:BatchSize", "Training:Epochs", "Training:Optimizer"], problems.Select(problem => problem.Name));
        Assert.StartsWith("Training:Epoch is not a setting. Known in Training: AverageDecay,", problems[0].Message);
        Assert.Equal("Training:BatchSize is 'many', expected a value of the type Int32.", problems[1].Message);
        Assert.StartsWith("Training:Epochs is '0'. The field Epochs must be between 1 and 100000.", problems[2].Message);
        Assert.Equal("Training:Optimizer is 'lion'. Use adam, adamw or sgd.", problems[3].Message);
    }

    [Fact]
    public void Read_UnknownEnumNumber_IsRefused() => Assert.Equal("Training:Precision", Assert.Single(Read(new TrainingOptions(), ("Precision", "7"))).Name);

    private static IReadOnlyList<SettingProblem> Read(object options, params (string Name, string Value)[] values) =>
        SectionReader.Read(options, TrainingOptions.Section, values.Select(value => new KeyValuePair<string, string?>(value.Name, value.Value)));
}
