using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Kd.Architecture.Tests.Sources;

/// <summary>Measures source files.</summary>
internal static class SourceRules
{
    /// <summary>Finds a file that has too many lines.</summary>
    public static IEnumerable<string> FindLongFiles(SourceFile file, int most)
    {
        var lines = LinesOf(file).Length;
        return lines > most ? [$"{file.Path}:1 has {lines} lines, at most {most} are allowed"] : [];
    }

    /// <summary>Finds lines that have too many characters.</summary>
    public static IEnumerable<string> FindLongLines(SourceFile file, int most) =>
        from line in LinesOf(file).Index()
        where line.Item.Length > most
        select $"{file.Path}:{line.Index + 1} has {line.Item.Length} characters, at most {most} are allowed";

    /// <summary>Finds methods, constructors, operators, accessors and local functions that have too many lines, without attributes and XML docs.</summary>
    public static IEnumerable<string> FindLongMethods(SourceFile file, int most) =>
        from node in CSharpSyntaxTree.ParseText(file.Text).GetRoot().DescendantNodes()
        where HasBody(node)
        let first = LineOf(node, StartOf(node))
        let lines = LineOf(node, node.Span.End) - first + 1
        where lines > most
        select $"{file.Path}:{first} {NameOf(node)} has {lines} lines, at most {most} are allowed";

    private static string[] LinesOf(SourceFile file)
    {
        var lines = file.Text.ReplaceLineEndings("\n").Split('\n');
        return lines[^1].Length == 0 ? lines[..^1] : lines;
    }

    private static bool HasBody(SyntaxNode node) =>
        node switch
        {
            BaseMethodDeclarationSyntax method => method.Body is not null || method.ExpressionBody is not null,
            AccessorDeclarationSyntax accessor => accessor.Body is not null || accessor.ExpressionBody is not null,
            PropertyDeclarationSyntax property => property.ExpressionBody is not null,
            IndexerDeclarationSyntax indexer => indexer.ExpressionBody is not null,
            LocalFunctionStatementSyntax => true,
            _ => false,
        };

    private static int StartOf(SyntaxNode node)
    {
        var attributes = node.ChildNodes().OfType<AttributeListSyntax>().LastOrDefault();
        return attributes is null ? node.SpanStart : attributes.GetLastToken().GetNextToken().SpanStart;
    }

    private static int LineOf(SyntaxNode node, int position) => node.SyntaxTree.GetText().Lines.GetLineFromPosition(position).LineNumber + 1;

    private static string NameOf(SyntaxNode node) =>
        node switch
        {
            MethodDeclarationSyntax method => method.Identifier.Text,
            LocalFunctionStatementSyntax function => function.Identifier.Text,
            ConstructorDeclarationSyntax constructor => $"{constructor.Identifier.Text} (constructor)",
            PropertyDeclarationSyntax property => property.Identifier.Text,
            AccessorDeclarationSyntax { Parent.Parent: { } property } accessor => $"{NameOf(property)}.{accessor.Keyword.Text}",
            OperatorDeclarationSyntax declared => $"operator {declared.OperatorToken.Text}",
            DestructorDeclarationSyntax destructor => $"~{destructor.Identifier.Text}",
            EventDeclarationSyntax declared => declared.Identifier.Text,
            IndexerDeclarationSyntax => "this[]",
            _ => node.Kind().ToString(),
        };
}
