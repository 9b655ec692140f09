namespace Kd.Architecture.Tests.Sources;

/// <summary>Tests the rules about source files with made-up text.</summary>
public sealed class SourceRuleTests
{
    [Theory]
    [InlineData("a\nb\n")]
    [InlineData("a\nb")]
    [InlineData("a\r\nb\r\n")]
    public void FindLongFiles_LineEndings_DoNotCountAsLines(string text)
    {
        Assert.Empty(SourceRules.FindLongFiles(new("A.cs", text), 2));
        Assert.Equal(["A.cs:1 has 2 lines, at most 1 are allowed"], SourceRules.FindLongFiles(new("A.cs", text), 1));
    }

    [Fact]
    public void FindLongLines_OneCharacterTooMany_IsFoundWithItsLine()
    {
        Assert.Empty(SourceRules.FindLongLines(new("A.cs", "abcd\r\nabc\r\n"), 4));
        Assert.Equal(["A.cs:2 has 5 characters, at most 4 are allowed"], SourceRules.FindLongLines(new("A.cs", "abcd\nabcde\n"), 4));
    }

    [Theory]
    [InlineData("void Run()\n{\n}", "Run")]
    [InlineData("C()\n{\n}", "C (constructor)")]
    [InlineData("int Run() =>\n1\n;", "Run")]
    [InlineData("int P =>\n1\n;", "P")]
    [InlineData("int P { get\n{\nreturn 1; } }", "P.get")]
    [InlineData("int P { set\n{\n} }", "P.set")]
    [InlineData("event Action E { add\n{\n} remove { } }", "E.add")]
    [InlineData("int this[int i] { get\n{\nreturn 1; } }", "this[].get")]
    [InlineData("int this[int i] =>\n1\n;", "this[]")]
    [InlineData("public static C operator +(C a, C b)\n{\nreturn a; }", "operator +")]
    [InlineData("readonly Action _a = () => { void Inner()\n{\n} };", "Inner")]
    public void FindLongMethods_EachKind_IsMeasuredFromItsSignatureToItsEnd(string member, string name)
    {
        var file = new SourceFile("A.cs", $"class C\n{{\n    {member}\n}}\n");
        Assert.Empty(SourceRules.FindLongMethods(file, 3));
        Assert.Equal([$"A.cs:3 {name} has 3 lines, at most 2 are allowed"], SourceRules.FindLongMethods(file, 2));
    }

    [Fact]
    public void FindLongMethods_AttributesAndDocs_DoNotCount()
    {
        const string Text = "class C\n{\n/// <summary>A.</summary>\n// B.\n[A]\n[B(\n1)]\npublic\nvoid Run([A] int a)\n{\n}\n}\n";
        Assert.Equal(["A.cs:8 Run has 4 lines, at most 3 are allowed"], SourceRules.FindLongMethods(new("A.cs", Text), 3));
    }

    [Fact]
    public void FindLongMethods_LocalFunction_CountsAlsoForItsMethod()
    {
        const string Text = "class C\n{\nvoid Run()\n{\nvoid Inner()\n{\n}\n}\n}\n";
        Assert.Equal(
            ["A.cs:3 Run has 6 lines, at most 2 are allowed", "A.cs:5 Inner has 3 lines, at most 2 are allowed"],
            SourceRules.FindLongMethods(new("A.cs", Text), 2)
        );
    }

    [Fact]
    public void FindLongMethods_WithoutBody_AreNotMeasured() =>
        Assert.Empty(SourceRules.FindLongMethods(new("A.cs", "interface I\n{\nvoid Run(\nint a,\nint b\n);\nint P\n{\nget;\nset;\n}\n}\n"), 2));
}
