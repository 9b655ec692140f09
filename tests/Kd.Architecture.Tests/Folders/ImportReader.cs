using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Kd.Architecture.Tests.Folders;

/// <summary>
/// Reads the using directives of a source file. A superfluous one does not build (IDE0005), so each stands for a use, also for one that leaves no trace
/// in the assembly: of a constant, in nameof or in a cref.
/// </summary>
internal static class ImportReader
{
    /// <summary>Reads the namespaces that a file imports.</summary>
    /// <param name="path">The file's path; its name stands for the user.</param>
    /// <param name="text">The file's content.</param>
    /// <param name="root">The project's namespace.</param>
    /// <returns>One use for each imported namespace of the project, with * as the used type's name; aliases and static imports too.</returns>
    public static IEnumerable<TypeUse> Read(string path, string text, string root)
    {
        var file = CSharpSyntaxTree.ParseText(text).GetCompilationUnitRoot();
        if (file.Members.OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault() is not { } declared)
            return [];
        var user = new TypeName(declared.Name.ToString(), Path.GetFileName(path).Split('.')[0]);
        return from import in file.Usings.Concat(declared.Usings)
            let used = new TypeName($"{import.NamespaceOrType}", "*")
            where used.FolderBelow(root) is not null
            select new TypeUse(user, used);
    }
}
