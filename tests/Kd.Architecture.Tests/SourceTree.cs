using Kd.Tests;

namespace Kd.Architecture.Tests;

/// <summary>A file of the repository.</summary>
/// <param name="Path">Path from the repository's root, with slashes.</param>
/// <param name="Text">The content.</param>
internal readonly record struct SourceFile(string Path, string Text);

/// <summary>Gives the projects in src/ and the files of the repository.</summary>
internal static class SourceTree
{
    /// <summary>The names of the projects in src/, sorted.</summary>
    public static IReadOnlyList<string> Projects { get; } =
    [.. Directory.GetFiles(Absolute("src"), "*.csproj", SearchOption.AllDirectories).Select(file => Path.GetFileNameWithoutExtension(file)).Order()];

    /// <summary>Reads the files below a folder, except what a build makes.</summary>
    /// <param name="folder">Path from the repository's root.</param>
    /// <param name="extension">End of the file names, with its dot.</param>
    public static IEnumerable<SourceFile> Read(string folder, string extension) =>
        from file in Directory.EnumerateFiles(Absolute(folder), "*" + extension, SearchOption.AllDirectories)
        let path = Path.GetRelativePath(TestFiles.RepositoryRoot, file).Replace('\\', '/')
        where !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal)
        orderby path
        select new SourceFile(path, File.ReadAllText(file));

    private static string Absolute(string path) => Path.Combine(TestFiles.RepositoryRoot, path);
}
