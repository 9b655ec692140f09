using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Kd.AppHost.Access;

namespace Kd.AppHost.Trainer;

/// <summary>Sends a command to the trainer's HTTP API and reports the response.</summary>
/// <param name="endpoint">The trainer's web endpoint.</param>
/// <param name="key">The services' key.</param>
internal sealed class TrainerApi(EndpointReference endpoint, ParameterResource key)
{
    private static readonly HttpClient s_http = new() { Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Sends a request.</summary>
    /// <param name="method">The HTTP method.</param>
    /// <param name="path">The path below the endpoint.</param>
    /// <param name="body">The JSON body, or null.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>Success with the run's status, or failure with the trainer's explanation.</returns>
    public async Task<ExecuteCommandResult> SendAsync(HttpMethod method, string path, JsonObject? body, CancellationToken cancellation)
    {
        try
        {
            var address = await endpoint.GetExactUrlAsync(cancellation);
            using var request = new HttpRequestMessage(method, address + path) { Content = body is null ? null : JsonContent.Create(body) };
            request.Headers.Authorization = new("Bearer", await key.GetPageTokenAsync(cancellation));
            using var response = await s_http.SendAsync(request, cancellation);
            var answer = await response.Content.ReadFromJsonAsync<JsonObject>(cancellation);
            return response.IsSuccessStatusCode ? CommandResults.Success(Describe(answer)) : CommandResults.Failure(Explain(answer, (int)response.StatusCode));
        }
        catch (Exception error) when (error is HttpRequestException or JsonException)
        {
            return CommandResults.Failure($"The trainer does not respond: {error.Message}");
        }
    }

    // The response is the run's status, or the run that was queued.
    private static string Describe(JsonObject? answer)
    {
        if (answer?["id"] is { } id)
            return $"Run {id} starts as soon as the runs before it have ended.";
        return answer.Deserialize<TrainerStatus>(JsonSerializerOptions.Web) is { } status ? $"The run: {status.Describe()}." : "Done.";
    }

    private static string Explain(JsonObject? answer, int code)
    {
        var errors = answer?["errors"]?.AsObject().SelectMany(entry => entry.Value!.AsArray().Select(text => text!.GetValue<string>())).ToList() ?? [];
        return errors.Count > 0 ? string.Join(" ", errors) : answer?["detail"]?.GetValue<string>() ?? $"The trainer responded with status code {code}.";
    }
}
