namespace Kd.Architecture.Tests.Folders;

/// <summary>Tests the folders of the projects in src/.</summary>
public sealed class FolderTests
{
    public static TheoryData<string> Ordered => [.. SourceTree.Projects.Where(Architecture.Folders.ContainsKey)];

    public static TheoryData<string> All => [.. SourceTree.Projects];

    [Theory]
    [MemberData(nameof(Ordered))]
    public void Folders_UseOnlyThoseBelow(string project) =>
        Violations.AssertNone(FolderRules.FindUsesOfHigher(ReadUses(project), project, Architecture.Folders[project]));

    [Theory]
    [MemberData(nameof(All))]
    public void Folders_HaveNoCircles(string project) => Violations.AssertNone(FolderRules.FindCircles(ReadUses(project), project));

    private static HashSet<TypeUse> ReadUses(string project)
    {
        var uses = TypeUseReader.Read(Path.Combine(AppContext.BaseDirectory, project + ".dll")).ToHashSet();
        var seen = uses.Select(use => (use.User, use.Used.Namespace)).ToHashSet();
        var imports = SourceTree.Read($"src/{project}", ".cs").SelectMany(file => ImportReader.Read(file.Path, file.Text, project));
        uses.UnionWith(imports.Where(import => !seen.Contains((import.User, import.Used.Namespace))));
        return uses;
    }
}
