namespace Kd.Architecture.Tests.Projects;

/// <summary>Tests the rules about project references with made-up project files.</summary>
public sealed class ReferenceRuleTests
{
    [Fact]
    public void FindForbidden_ReferenceThatIsNotAllowed_IsFound()
    {
        const string Text = """
            <Project Sdk="Microsoft.NET.Sdk">
              <ItemGroup Condition="'$(Extra)' == 'true'">
                <ProjectReference Include="../Low/Low.csproj" />
                <ProjectReference Include="..\High\High.csproj" />
              </ItemGroup>
            </Project>
            """;
        Assert.Equal(["App references High as a library"], ReferenceRules.FindForbidden("App", Text, ["Low"], []));
    }

    [Fact]
    public void FindForbidden_AppHost_TellsResourcesFromLibraries()
    {
        const string Text = """
            <Project Sdk="Aspire.AppHost.Sdk/13.6.4">
              <ItemGroup>
                <ProjectReference Include="../Service/Service.csproj" />
                <ProjectReference Include="../Core/Core.csproj" IsAspireProjectResource="false" />
                <ProjectReference Include="../Other/Other.csproj"><IsAspireProjectResource>false</IsAspireProjectResource></ProjectReference>
                <ProjectReference Include="../Settings/Settings.csproj" />
                <ProjectReference Include="../Second/Second.csproj" IsAspireProjectResource="false" />
              </ItemGroup>
            </Project>
            """;
        Assert.Equal(
            ["Host references Settings as an Aspire resource", "Host references Second as a library"],
            ReferenceRules.FindForbidden("Host", Text, ["Core", "Other", "Settings"], ["Service", "Second"])
        );
    }

    [Fact]
    public void FindUnlistedPassedOn_ReferenceOfAReference_IsFound()
    {
        var references = new Dictionary<string, string[]>
        {
            ["Core"] = [],
            ["Vision"] = ["Core"],
            ["App"] = ["Vision"],
        };
        Assert.Equal(["App gets Core through Vision"], ReferenceRules.FindUnlistedPassedOn(references));
    }

    [Fact]
    public void FindUnlistedPassedOn_Circle_IsFound()
    {
        var references = new Dictionary<string, string[]> { ["A"] = ["B"], ["B"] = ["A"] };
        Assert.Equal(["A gets A through B", "B gets B through A"], ReferenceRules.FindUnlistedPassedOn(references));
    }
}
