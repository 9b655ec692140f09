using Kd.Settings;
using Microsoft.Extensions.Configuration;

namespace Kd.AppHost.Settings;

/// <summary>Separates the settings on the command line from arguments for Aspire and from mistakes.</summary>
internal static class CommandLine
{
    // Sections outside the catalog, in whose names a part is the user's choice.
    private static readonly string[] s_freeSections = ["ConnectionStrings", "Parameters", TeacherSettings.Several];

    // Arguments that Aspire's CLI and its tests pass, and that a .NET host reads.
    private static readonly string[] s_hostArguments =
    [
        "operation",
        "publisher",
        "step",
        "list-steps",
        "output-path",
        "log-level",
        "include-exception-details",
        "clear-cache",
        "yes",
        "dcp-cli-path",
        "dcp-container-runtime",
        "dcp-dependency-check-timeout",
        "dcp-dashboard-path",
        "AppHost",
        "Dashboard",
        "DcpPublisher",
        "Pipeline",
        "Publishing",
        "Logging",
        "environment",
        "contentRoot",
        "applicationName",
    ];

    private const string Expected = "Expected --Section:Name=value, for example --Training:Epochs=10. docs/running.md lists all settings.";

    /// <summary>Whether a name can be a setting: Device, or a name in a section of the catalog, ConnectionStrings, Parameters or Teachers.</summary>
    public static bool IsSetting(string name) =>
        name.Equals(SharedNames.Device, StringComparison.OrdinalIgnoreCase)
        || (name.Split(':') is [var section, _, ..] && Sections.Contains(section, StringComparer.OrdinalIgnoreCase));

    /// <summary>Finds arguments that are neither settings nor values of settings, and settings without a value.</summary>
    public static List<SettingProblem> FindUnexpected(string[] args)
    {
        var problems = new List<SettingProblem>();
        for (var i = 0; i < args.Length; i++)
        {
            var arg = args[i];
            if (!arg.StartsWith("--", StringComparison.Ordinal))
                problems.Add(new SettingProblem(arg, $"'{arg}' is not a setting. {Expected}"));
            else if (arg.Contains('='))
                continue;
            else if (i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal))
                i++;
            else if (!IsHostArgument(arg[2..]))
                problems.Add(new SettingProblem(arg, $"{arg} has no value. {Expected}"));
        }

        return problems;
    }

    /// <summary>Reads the command line.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="problems">Receives the names that are not settings.</param>
    public static IConfiguration Read(string[] args, List<SettingProblem> problems)
    {
        try
        {
            var configuration = new ConfigurationBuilder().AddCommandLine(args).Build();
            problems.AddRange(
                configuration
                    .AsEnumerable()
                    .Where(entry => entry.Value is not null && !IsSetting(entry.Key) && !IsHostArgument(entry.Key))
                    .Select(entry => Unknown(entry.Key))
            );
            return configuration;
        }
        catch (FormatException error)
        {
            problems.Add(new SettingProblem("", error.Message));
            return new ConfigurationBuilder().Build();
        }
    }

    private static IEnumerable<string> Sections => SettingCatalog.Sections.Keys.Concat(s_freeSections);

    private static SettingProblem Unknown(string name) =>
        new(
            name,
            $"--{name} is not a setting. Settings are --Section:Name=value with the sections {string.Join(", ", Sections.Order(StringComparer.Ordinal))}."
        );

    private static bool IsHostArgument(string name) =>
        s_hostArguments.Contains(name.Split(':')[0], StringComparer.OrdinalIgnoreCase) || name.StartsWith("ASPIRE_", StringComparison.OrdinalIgnoreCase);
}
