using Aspire.Hosting.Running;

namespace Kd.AppHost.Local.Tests.Running;

public sealed class PrefixedOutputTests
{
    [Fact]
    public void Write_LinesOfTwoServices_HaveTheirNamesInFront()
    {
        var text = new StringWriter { NewLine = "\n" };
        var output = new PrefixedOutput(text, 9);
        output.Write("trainer", "one");
        output.Write("teacher-0", "two");
        Assert.Equal("trainer   | one\nteacher-0 | two\n", text.ToString());
    }

    [Fact]
    public void Write_ProgressOnATerminal_IsReplacedByTheNextLineAndStaysInItsRow()
    {
        var text = new StringWriter { NewLine = "\n" };
        var output = new PrefixedOutput(text, 7, isTerminal: true, () => 20);
        output.Write("trainer", PrefixedOutput.InPlace + "a bar that is longer than the terminal");
        output.Write("trainer", "done, and this line may be as long as it likes");
        const string erase = PrefixedOutput.InPlace;
        Assert.Equal($"trainer | a bar tha{erase}\rtrainer | done, and this line may be as long as it likes{erase}\n", text.ToString());
    }
}
