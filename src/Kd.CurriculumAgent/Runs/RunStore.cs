using System.Text.Json;
using Kd.CurriculumAgent.Environment;
using Microsoft.Extensions.Options;

namespace Kd.CurriculumAgent.Runs;

/// <summary>All runs. What was answered is in a journal on disk first; since a run follows from its settings and reports, replaying the journal restores it.</summary>
internal sealed class RunStore
{
    private readonly string _folder;
    private readonly int _updateEvery;
    private readonly ILogger<RunStore> _logger;
    private readonly Dictionary<string, CurriculumRun> _runs = [];
    private readonly Lock _gate = new();

    public RunStore(IOptions<AgentOptions> options, ILogger<RunStore> logger)
    {
        var settings = options.Value;
        _logger = logger;
        _updateEvery = settings.UpdateEvery;
        _folder = settings.StateFolder.Length > 0
            ? Path.GetFullPath(settings.StateFolder)
            : Path.Combine(System.Environment.GetFolderPath(System.Environment.SpecialFolder.LocalApplicationData), "kd-aspire", "agent");
        try
        {
            Directory.CreateDirectory(_folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new AgentStateException($"Agent:StateFolder '{_folder}' cannot be created: {error.Message}", error);
        }
    }

    /// <summary>Starts a run, or finds it again.</summary>
    /// <exception cref="RunConflictException">The run exists with other settings.</exception>
    public EpochTarget Start(RunSettings settings)
    {
        lock (_gate)
        {
            if (Find(settings.RunId) is not { } run)
            {
                settings = settings with { UpdateEvery = _updateEvery };
                run = new CurriculumRun(settings);
                Append(settings.RunId, new JournalEntry(settings, null));
                _runs.Add(settings.RunId, run);
                _logger.RunStarted(settings.RunId, settings.Epochs);
            }
            else if (run.Settings with { UpdateEvery = 0 } != settings with { UpdateEvery = 0 })
            {
                throw new RunConflictException($"Run '{settings.RunId}' was started with other settings ({run.Settings}); a new run needs a new run_id.");
            }

            return run.First;
        }
    }

    /// <summary>Takes a report; one that was taken before gets the same answer.</summary>
    /// <exception cref="UnknownRunException">There is no such run.</exception>
    /// <exception cref="RunConflictException">An epoch was left out, or the run is over.</exception>
    public (EpochAnswer Answer, RunSettings Settings) Report(string runId, int epoch, EpochResult result)
    {
        lock (_gate)
        {
            var run = Find(runId) ?? throw new UnknownRunException(runId);
            if (epoch < run.Reported)
                return (run.AnswerOf(epoch), run.Settings);
            if (epoch > run.Reported || epoch >= run.Settings.Epochs)
                throw new RunConflictException($"epoch is {epoch}; run '{runId}' has {run.Settings.Epochs} epochs (from 0), and {run.Reported} is the next to report.");
            Append(runId, new JournalEntry(null, result));
            var answer = run.Report(result);
            _logger.EpochReported(runId, epoch, result.Accuracy, answer.Reward.Total, answer.Target?.Temperature ?? 0, answer.Target?.Threshold ?? 0);
            return (answer, run.Settings);
        }
    }

    private CurriculumRun? Find(string runId)
    {
        if (_runs.TryGetValue(runId, out var known))
            return known;
        var path = JournalPath(runId);
        if (!File.Exists(path))
            return null;
        CurriculumRun? run = null;
        var lines = File.ReadAllLines(path);
        for (var i = 0; i < lines.Length; i++)
        {
            if (Parse(lines[i]) is not { } entry)
            {
                // A line that was cut off by a crash was never answered; anything before it was.
                if (i == lines.Length - 1)
                    break;
                throw new AgentStateException($"The journal '{path}' is damaged in line {i + 1}; move it away to forget run '{runId}'.");
            }

            if (entry.Start is { } settings)
                run = new CurriculumRun(settings);
            else if (run is not null && entry.Report is { } report)
                run.Report(report);
        }

        if (run is null)
            return null;
        Rewrite(path, run, lines);
        _runs.Add(runId, run);
        _logger.RunRestored(runId, run.Reported);
        return run;
    }

    private static void Rewrite(string path, CurriculumRun run, string[] lines)
    {
        if (lines.Length > run.Reported + 1)
            File.WriteAllLines(path, lines.Take(run.Reported + 1));
    }

    private static JournalEntry? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize<JournalEntry>(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void Append(string runId, JournalEntry entry)
    {
        using var file = new FileStream(JournalPath(runId), FileMode.Append, FileAccess.Write, FileShare.Read);
        file.Write(JsonSerializer.SerializeToUtf8Bytes(entry));
        file.WriteByte((byte)'\n');
        file.Flush(flushToDisk: true);
    }

    private string JournalPath(string runId) => Path.Combine(_folder, runId + ".jsonl");
}
