using Kd.Core.Text;

namespace Kd.Core.Tests.Text;

public sealed class PrintableTextTests
{
    [Theory]
    [InlineData("a plain name\twith a tab\nand a line", "a plain name\twith a tab\nand a line")]
    [InlineData("\u001b]52;c;cm0=\u0007", "\uFFFD]52;c;cm0=\uFFFD")]
    [InlineData("overwritten\rby this", "overwritten\uFFFDby this")]
    [InlineData("\u009b2J", "\uFFFD2J")]
    public void Of_Text_HasNothingThatATerminalObeys(string text, string expected) => Assert.Equal(expected, PrintableText.Of(text));
}
