using System.Runtime.InteropServices;

namespace Kd.AppHost.Hosting;

/// <summary>Starts services from their build output.</summary>
internal static class BuiltProgram
{
    // Set where an IDE starts the services in its debugger, and by dotnet watch, which builds them.
    private static readonly string[] s_otherLaunchers = ["DEBUG_SESSION_PORT", "DOTNET_WATCH"];

    /// <summary>
    /// Starts the program that was built with the AppHost. Aspire's default is <c>dotnet run --no-build</c>, which evaluates the project first (0.8 s of a
    /// processor for each service) and stays in memory beside it.
    /// </summary>
    public static IResourceBuilder<ProjectResource> WithBuiltProgram(this IResourceBuilder<ProjectResource> service)
    {
        var configuration = service.ApplicationBuilder.Configuration;
        var project = service.Resource.GetProjectMetadata().ProjectPath;
        // Such as bin/Debug/net10.0: services and AppHost are built in one go.
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var program = Path.Combine(Path.GetDirectoryName(project)!, "bin", output.Parent!.Name, output.Name, Path.GetFileNameWithoutExtension(project));
        if (s_otherLaunchers.Any(name => !string.IsNullOrEmpty(configuration[name])) || !File.Exists(program))
            return service;
        return service
            .WithAnnotation(new ExecutableAnnotation { Command = program, WorkingDirectory = Path.GetDirectoryName(project)! })
            // The runtime of this process, which need not be where programs look for one.
            .WithEnvironment("DOTNET_ROOT", Path.GetFullPath("../../..", RuntimeEnvironment.GetRuntimeDirectory()));
    }
}
