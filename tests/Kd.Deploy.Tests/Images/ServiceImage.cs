using System.Diagnostics;
using System.Text.Json;
using Kd.Tests;

namespace Kd.Deploy.Tests.Images;

/// <summary>The image of a service, as <c>dotnet publish -t:PublishContainer</c> makes it: MSBuild evaluates the project.</summary>
public sealed record ServiceImage
{
    /// <summary>Name of the project.</summary>
    public required string Project { get; init; }

    /// <summary>Name of the image, without its tag.</summary>
    public required string Repository { get; init; }

    /// <summary>Tag of the image.</summary>
    public required string Tag { get; init; }

    /// <summary>Number of the user that it runs as.</summary>
    public required string User { get; init; }

    /// <summary>Ports that it declares.</summary>
    public required int[] Ports { get; init; }

    /// <summary>Its environment.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>Port of gRPC health; null: none.</summary>
    public int? ProbePort => Environment.TryGetValue("Endpoints__ProbePort", out var port) ? int.Parse(port, null) : null;

    /// <summary>Port of gRPC; null: none.</summary>
    public int? GrpcPort => Environment.TryGetValue("Endpoints__GrpcPort", out var port) ? int.Parse(port, null) : null;

    /// <summary>Port of HTTP.</summary>
    public int HttpPort => BoundPorts.Single(port => port != GrpcPort && port != ProbePort);

    /// <summary>Ports that the service binds.</summary>
    public IEnumerable<int> BoundPorts =>
        Environment["ASPNETCORE_URLS"].Split(';').Select(url => new Uri(url.Replace("*", "any", StringComparison.Ordinal)).Port);

    /// <summary>Reads a project.</summary>
    public static async Task<ServiceImage> ReadAsync(string project)
    {
        using var evaluation = JsonDocument.Parse(
            await ProgramOutput.ReadAsync(
                "dotnet",
                "msbuild",
                Path.Combine(TestFiles.RepositoryRoot, "src", project),
                "-getProperty:ContainerRepository,ContainerImageTag,ContainerUser",
                "-getItem:ContainerPort,ContainerEnvironmentVariable"
            )
        );
        var (properties, items) = (evaluation.RootElement.GetProperty("Properties"), evaluation.RootElement.GetProperty("Items"));
        return new ServiceImage
        {
            Project = project,
            Repository = properties.GetProperty("ContainerRepository").GetString()!,
            Tag = properties.GetProperty("ContainerImageTag").GetString()!,
            User = properties.GetProperty("ContainerUser").GetString()!,
            Ports = [.. items.GetProperty("ContainerPort").EnumerateArray().Select(port => int.Parse(port.GetProperty("Identity").GetString()!, null))],
            Environment = items
                .GetProperty("ContainerEnvironmentVariable")
                .EnumerateArray()
                .ToDictionary(variable => variable.GetProperty("Identity").GetString()!, variable => variable.GetProperty("Value").GetString()!),
        };
    }
}

/// <summary>Output of a program.</summary>
internal static class ProgramOutput
{
    /// <summary>Runs a program to its end.</summary>
    public static async Task<string> ReadAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)} ended with code {process.ExitCode}:\n{await error}{output}");
        return output;
    }
}
