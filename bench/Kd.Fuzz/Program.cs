using System.Globalization;
using Kd.Fuzz;
using Kd.Fuzz.Targets;

CoverageMap.Prepare();
if (args is [Worker.Argument, var name, var workerSeconds, var seed, var folder])
    return Worker.Run(TargetCatalog.All[name], Seconds(workerSeconds), ulong.Parse(seed, CultureInfo.InvariantCulture), folder);

if (args is ["--list"])
{
    Console.WriteLine(string.Join(Environment.NewLine, TargetCatalog.All.Keys));
    return 0;
}

var seconds = 3600.0;
var names = new List<string>();
foreach (var argument in args)
{
    if (argument.StartsWith("--seconds=", StringComparison.Ordinal))
    {
        if (!double.TryParse(argument["--seconds=".Length..], CultureInfo.InvariantCulture, out seconds) || seconds <= 0)
            return Explain($"'{argument}' needs a number above 0.");
    }
    else if (!TargetCatalog.All.ContainsKey(argument))
    {
        return Explain($"'{argument}' is not a target.");
    }
    else
    {
        names.Add(argument);
    }
}

return Coordinator.Run(names.Count > 0 ? names : [.. TargetCatalog.All.Keys], TimeSpan.FromSeconds(seconds));

static TimeSpan Seconds(string text) => TimeSpan.FromSeconds(double.Parse(text, CultureInfo.InvariantCulture));

static int Explain(string problem)
{
    Console.Error.WriteLine(
        $"error: {problem} Targets: {string.Join(", ", TargetCatalog.All.Keys)}; none: all. --seconds=N: time for each (3600); --list: list the names."
    );
    return 2;
}
