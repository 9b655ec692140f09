using Kd.RunPage.Components;
using Kd.Settings;
using Kd.Training.Diagnostics;
using Kd.Training.Queue;
using Microsoft.AspNetCore.Components;

namespace Kd.RunPage.Pages;

/// <summary>The form of a new run.</summary>
public sealed partial class NewRun
{
    private readonly Dictionary<string, string> _values = [];
    private IReadOnlyDictionary<string, string> _own = new Dictionary<string, string>();
    private IReadOnlyList<SettingProblem> _problems = [];
    private string _others = "";

    /// <summary>The run whose settings it starts with; null: those of the trainer.</summary>
    [SupplyParameterFromQuery]
    public string? From { get; set; }

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        if (From is not null && Library.Find(From) is null)
            (_problems, From) = ([new("from", $"There is no run of the name '{From}'. These are the trainer's settings.")], null);
        _own = Library.SettingsFor(null);
        var settings = Library.SettingsFor(From);
        foreach (var field in SettingFields.All)
            _values[field.Name] = settings.GetValueOrDefault(field.Name, "");
        _others = string.Join(
            '\n',
            settings
                .Where(setting => !_values.ContainsKey(setting.Key) && _own.GetValueOrDefault(setting.Key) != setting.Value)
                .Select(setting => $"{setting.Key}={setting.Value}")
        );
    }

    private string? ProblemOf(string name) => _problems.FirstOrDefault(problem => problem.Name.Equals(name, StringComparison.OrdinalIgnoreCase))?.Message;

    private void Start()
    {
        try
        {
            var run = Queue.Add(ReadForm());
            Monitor.Note($"run {run.Id} was requested");
            Navigation.NavigateTo("");
        }
        catch (SettingsException error)
        {
            _problems = error.Problems;
        }
        catch (Exception error) when (error is QueueClosedException or TrainingException)
        {
            _problems = [new("", error.Message)];
        }
    }

    private Dictionary<string, string> ReadForm()
    {
        var settings = _values
            .Where(setting => _own.GetValueOrDefault(setting.Key, "") != setting.Value.Trim())
            .ToDictionary(setting => setting.Key, setting => setting.Value.Trim(), StringComparer.OrdinalIgnoreCase);
        foreach (var line in _others.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (line.Split('=', 2) is not [var name, var value])
                throw new SettingsException(line, $"'{line}' is not a setting. Expected Section:Name=value, for example Training:WarmupEpochs=2.");
            settings[name.Trim()] = value.Trim();
        }

        return settings;
    }
}
