using Kd.AppHost.Terminal;

namespace Kd.AppHost.Tests.Terminal;

public sealed class PrefixedOutputTests
{
    private const string Erase = "\r\u001b[K";
    private readonly StringWriter _text = new() { NewLine = "\n" };

    [Fact]
    public void WriteLine_TwoServicesIntoAFile_HasTheirNamesInFrontAndNoColors()
    {
        var output = new PrefixedOutput(_text, isTerminal: false, () => 0);
        output.WriteLine("trainer", "one");
        output.WriteLine("teacher-abcd", "\u001b[40m\u001b[32minfo\u001b[39m\u001b[22m\u001b[49m: two");
        output.WriteLine(null, "three");
        Assert.Equal("trainer | one\nteacher-abcd | info: two\nthree\n", _text.ToString());
    }

    [Fact]
    public void SetProgress_OnATerminal_StaysBelowTheLinesAndInItsRow()
    {
        var output = new PrefixedOutput(_text, isTerminal: true, () => 20);
        output.SetProgress("trainer", "a bar that is longer than the terminal");
        output.WriteLine("trainer", "this line may be as long as it likes");
        output.SetProgress("trainer", null);
        Assert.Equal($"trainer | a bar tha{Erase}trainer | this line may be as long as it likes\ntrainer | a bar tha{Erase}", _text.ToString());
    }

    [Fact]
    public void Close_OnATerminal_ErasesTheProgressAndWritesNothingMore()
    {
        var output = new PrefixedOutput(_text, isTerminal: true, () => 80);
        output.SetProgress("trainer", "a bar");
        output.Close();
        output.WriteLine("trainer", "too late");
        output.SetProgress("trainer", "too late");
        Assert.Equal($"trainer | a bar{Erase}", _text.ToString());
    }

    [Fact]
    public void SetProgress_IntoAFile_WritesNothing()
    {
        new PrefixedOutput(_text, isTerminal: false, () => 0).SetProgress("trainer", "a bar");
        Assert.Empty(_text.ToString());
    }
}
