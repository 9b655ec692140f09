namespace Kd.Architecture.Tests.Projects;

/// <summary>Tests the arrows between the projects in src/.</summary>
public sealed class ReferenceTests
{
    public static TheoryData<string> Projects => [.. SourceTree.Projects];

    [Fact]
    public void Projects_InSrc_AreThoseOfTheArchitecture()
    {
        var listed = Architecture.References.Keys.Union(Architecture.Folders.Keys).ToList();
        var unlisted = SourceTree.Projects.Except(Architecture.References.Keys).Select(project => $"{project} has no place in {nameof(Architecture)}");
        var missing = listed.Except(SourceTree.Projects).Select(project => $"{project} is listed in {nameof(Architecture)}, but not in src/");
        Violations.AssertNone(unlisted.Concat(missing));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void ProjectReferences_GoOnlyToThoseAllowed(string project)
    {
        var (_, text) = Assert.Single(SourceTree.Read($"src/{project}", ".csproj"));
        var libraries = Architecture.References.GetValueOrDefault(project, []);
        Violations.AssertNone(ReferenceRules.FindForbidden(project, text, libraries, Architecture.Resources.GetValueOrDefault(project, [])));
    }

    [Fact]
    public void ProjectReferences_PassedOn_AreAllowedThemselves() => Violations.AssertNone(ReferenceRules.FindUnlistedPassedOn(Architecture.References));
}
