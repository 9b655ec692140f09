using System.Xml.Linq;

namespace Kd.Architecture.Tests.Projects;

/// <summary>Finds project references that the architecture does not have.</summary>
internal static class ReferenceRules
{
    private const string Resource = "IsAspireProjectResource";

    /// <summary>Reads the references of a project file, whatever their conditions.</summary>
    /// <param name="project">The project's name.</param>
    /// <param name="projectFile">The content of the .csproj file.</param>
    /// <param name="libraries">The projects that may be referenced as a library.</param>
    /// <param name="resources">The projects that may be referenced as an Aspire resource: started, and not linked.</param>
    /// <returns>One line for each reference that is not allowed.</returns>
    public static IEnumerable<string> FindForbidden(string project, string projectFile, IEnumerable<string> libraries, IEnumerable<string> resources)
    {
        var document = XDocument.Parse(projectFile).Root!;
        var isAppHost = document.Attribute("Sdk")?.Value.StartsWith("Aspire.AppHost.Sdk", StringComparison.Ordinal) == true;
        foreach (var reference in document.Descendants("ProjectReference"))
        {
            var name = Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'));
            var isResource = isAppHost && !"false".Equals(Metadata(reference), StringComparison.OrdinalIgnoreCase);
            if (!(isResource ? resources : libraries).Contains(name))
                yield return $"{project} references {name} as {(isResource ? "an Aspire resource" : "a library")}";
        }
    }

    /// <summary>Finds references that come with another one, and are not allowed themselves.</summary>
    /// <param name="references">The allowed references of each project.</param>
    /// <returns>One line for each; a circle shows as a project that references itself.</returns>
    public static IEnumerable<string> FindUnlistedPassedOn(IReadOnlyDictionary<string, string[]> references) =>
        from project in references
        from direct in project.Value
        from passedOn in references[direct]
        where passedOn == project.Key || !project.Value.Contains(passedOn)
        select $"{project.Key} gets {passedOn} through {direct}";

    private static string? Metadata(XElement reference) => reference.Attribute(Resource)?.Value ?? reference.Element(Resource)?.Value;
}
