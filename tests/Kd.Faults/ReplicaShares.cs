using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Kd.Settings;
using Kd.Tests;

namespace Kd.Faults;

/// <summary>Reads from a trainer how many views each of its teachers has computed.</summary>
internal sealed class ReplicaShares : IDisposable
{
    private readonly ServiceProcess _trainer;
    private readonly HttpClient _client;

    public ReplicaShares(ServiceProcess trainer)
    {
        _trainer = trainer;
        _client = new HttpClient { BaseAddress = new Uri($"http://{trainer.Address}:{trainer.HttpPort}/") };
        // The page answers only to the names of this machine, and the trainer may have another address.
        _client.DefaultRequestHeaders.Host = "localhost";
        _client.DefaultRequestHeaders.Authorization = new("Bearer", PageToken.Of(RunningService.Key));
    }

    /// <summary>Waits until each of some teachers has computed views since now.</summary>
    /// <param name="count">Number of views.</param>
    /// <param name="teachers">The teachers.</param>
    /// <returns>Views that each teacher has computed since now, by process id.</returns>
    public async Task<Dictionary<int, long>> WaitAsync(int count, params IEnumerable<ServiceProcess> teachers)
    {
        int[] wanted = [.. teachers.Select(teacher => teacher.Process!.Id)];
        var (before, watch) = (await ReadAsync(), Stopwatch.StartNew());
        while (true)
        {
            var now = await ReadAsync();
            var since = now.ToDictionary(entry => entry.Key, entry => entry.Value - before.GetValueOrDefault(entry.Key));
            if (wanted.All(id => since.GetValueOrDefault(id) >= count))
                return since;
            Assert.True(
                !_trainer.Process!.HasExited && watch.Elapsed < TimeSpan.FromMinutes(5),
                $"the teachers {string.Join(", ", wanted)} have computed {string.Join(", ", since)} (expected {count} each):\n{_trainer.Output}"
            );
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Reads the views that each teacher has computed so far, by process id.</summary>
    public async Task<Dictionary<int, long>> ReadAsync()
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(50, TestContext.Current.CancellationToken))
        {
            try
            {
                var replicas = await _client.GetFromJsonAsync<JsonElement>("api/run/replicas", TestContext.Current.CancellationToken);
                // A replica's name ends with its process id.
                return replicas
                    .EnumerateArray()
                    .ToDictionary(
                        replica => int.Parse(replica.GetProperty("name").GetString()!.Split(':')[^1], CultureInfo.InvariantCulture),
                        replica => replica.GetProperty("computed").GetInt64()
                    );
            }
            catch (HttpRequestException) when (!_trainer.Process!.HasExited && watch.Elapsed < TimeSpan.FromMinutes(1))
            {
                // It has not bound the port yet.
            }
        }
    }

    public void Dispose() => _client.Dispose();
}
