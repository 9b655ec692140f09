namespace Kd.Architecture.Tests.Sources;

/// <summary>Tests the size of the source files.</summary>
public sealed class SourceTests
{
    [Theory]
    [InlineData(".cs")]
    [InlineData(".razor")]
    public void Files_InSrc_AreShort(string extension) =>
        Violations.AssertNone(SourceTree.Read("src", extension).SelectMany(file => SourceRules.FindLongFiles(file, Architecture.FileLines)));

    [Fact]
    public void Methods_InSrc_AreShort() =>
        Violations.AssertNone(SourceTree.Read("src", ".cs").SelectMany(file => SourceRules.FindLongMethods(file, Architecture.MethodLines)));

    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    [InlineData("bench")]
    public void Lines_OfCode_AreShort(string folder) =>
        Violations.AssertNone(SourceTree.Read(folder, ".cs").SelectMany(file => SourceRules.FindLongLines(file, Architecture.LineCharacters)));
}
