using System.Text.Json;

namespace Kd.Tests;

/// <summary>Finds the fixtures of the tests in the repository and the optional shared data beside it, and creates temporary folders.</summary>
internal static class TestFiles
{
    public static string RepositoryRoot { get; } = FindUp(AppContext.BaseDirectory, "Kd.Aspire.sln");

    /// <summary>Reads a JSON fixture.</summary>
    public static JsonElement Json(string name) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", name))).RootElement;

    /// <summary>Finds a file or folder of the shared data; skips the test with a reason if it is absent.</summary>
    public static string Shared(string relative)
    {
        var path = Path.GetFullPath(Path.Combine(RepositoryRoot, "..", "shared", relative));
        Assert.SkipUnless(File.Exists(path) || Directory.Exists(path), $"needs the shared data: {path} is absent");
        return path;
    }

    /// <summary>Creates a temporary folder, which the caller disposes of.</summary>
    public static TemporaryFolder CreateFolder() => new();

    private static string FindUp(string from, string name)
    {
        for (var folder = new DirectoryInfo(from); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, name)))
                return folder.FullName;
        }

        throw new InvalidOperationException($"no {name} above {from}");
    }
}

/// <summary>A folder that is deleted with its content.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("kd-tests-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
