using System.Globalization;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Kd.AppHost.Access;
using Kd.Tests;
using Microsoft.Extensions.DependencyInjection;

namespace Kd.EndToEnd.Tests.Hosting;

/// <summary>Runs the AppHost in the process of the tests, without a dashboard, on random ports; its services are separate processes.</summary>
internal sealed class RunningApplication : IAsyncDisposable
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(3);
    private readonly DistributedApplication _application;
    private readonly TemporaryFolder _folder;

    private RunningApplication(DistributedApplication application, TemporaryFolder folder, string token)
    {
        (_application, _folder, Trainer) = (application, folder, application.CreateHttpClient("trainer", "http"));
        Trainer.DefaultRequestHeaders.Authorization = new("Bearer", token);
    }

    /// <summary>Folder of the runs.</summary>
    public string Folder => _folder.Path;

    /// <summary>The trainer's web endpoint.</summary>
    public HttpClient Trainer { get; }

    /// <summary>Starts the host with a trainer that stays after its run, unless the arguments say otherwise.</summary>
    public static Task<RunningApplication> StartAsync(params string[] arguments) => StartAsync(null, arguments);

    /// <summary>Starts the host with telemetry to a collector.</summary>
    /// <param name="collector">OTLP address (HTTP) of the collector, or null.</param>
    /// <param name="arguments">Settings.</param>
    public static async Task<RunningApplication> StartAsync(string? collector, string[] arguments)
    {
        var folder = TestFiles.CreateFolder();
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.Kd_AppHost>(
            [.. AppHostProcess.Small, $"--Run:Folder={folder.Path}", "--Run:Stay=true", "--Run:Threads=1", "--Teacher:Threads=1", .. arguments],
            TestContext.Current.CancellationToken
        );
        // Without a dashboard, Aspire passes this address to the services; its testing host sets one for gRPC, which would take precedence.
        builder.Configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = null;
        builder.Configuration["ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL"] = collector;
        var application = await builder.BuildAsync(TestContext.Current.CancellationToken);
        await application.StartAsync(TestContext.Current.CancellationToken).WaitAsync(s_longest);
        var key = application.Services.GetRequiredService<DistributedApplicationModel>().FindServiceKey();
        return new RunningApplication(application, folder, await key.GetPageTokenAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Executes a command of the trainer, as the dashboard does.</summary>
    public Task<ExecuteCommandResult> ExecuteAsync(string command, params (string Name, string Value)[] arguments)
    {
        var inputs = _application
            .Services.GetRequiredService<DistributedApplicationModel>()
            .Resources.Single(resource => resource.Name == "trainer")
            .Annotations.OfType<ResourceCommandAnnotation>()
            .Single(annotation => annotation.Name == command)
            .Arguments;
        var values = new InteractionInputCollection([
            .. inputs.Select(input => new InteractionInput
            {
                Name = input.Name,
                InputType = input.InputType,
                Value = arguments.FirstOrDefault(argument => argument.Name == input.Name).Value ?? input.Value,
            }),
        ]);
        return _application.ResourceCommands.ExecuteCommandAsync("trainer", command, values, TestContext.Current.CancellationToken);
    }

    /// <summary>Gets the validation errors of a form, which the dashboard shows at its fields.</summary>
    public static string Explanation(ExecuteCommandResult result) => string.Join(' ', InvalidArguments(result)?.SelectMany(ValidationErrors) ?? []);

    /// <summary>Waits for a resource's state.</summary>
    public Task<ResourceEvent> WaitForAsync(string resource, Func<ResourceEvent, bool> isSo) =>
        _application.ResourceNotifications.WaitForResourceAsync(resource, isSo, TestContext.Current.CancellationToken).WaitAsync(s_longest);

    /// <summary>Waits for a text in the state column of the trainer.</summary>
    public Task<ResourceEvent> WaitForTrainerAsync(string text) =>
        WaitForAsync("trainer", change => change.Snapshot.State?.Text.Contains(text, StringComparison.Ordinal) == true);

    /// <summary>Lists the commands of the trainer that are enabled.</summary>
    public async Task<IReadOnlyList<string>> EnabledCommandsAsync() =>
        [
            .. (await WaitForAsync("trainer", _ => true))
                .Snapshot.Commands.Where(command => command.State == ResourceCommandState.Enabled)
                .Select(command => command.Name),
        ];

    /// <summary>Gets a document from the trainer's API.</summary>
    public async Task<JsonElement> GetAsync(string path) => await Trainer.GetFromJsonAsync<JsonElement>(path, TestContext.Current.CancellationToken);

    /// <summary>Waits until a document of the trainer's API fulfills a condition.</summary>
    public async Task<JsonElement> UntilAsync(string path, Func<JsonElement, bool> isSo)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var document = await GetAsync(path);
            if (isSo(document))
                return document;
            Assert.True(TimeProvider.System.GetElapsedTime(deadline) < s_longest, string.Create(CultureInfo.InvariantCulture, $"{path} stayed at {document}"));
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Trainer.Dispose();
        await _application.DisposeAsync();
        _folder.Dispose();
    }

    // Aspire exposes both to the dashboard only.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_InvalidArguments")]
    private static extern InteractionInputCollection? InvalidArguments(ExecuteCommandResult result);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_ValidationErrors")]
    private static extern List<string> ValidationErrors(InteractionInput input);
}
