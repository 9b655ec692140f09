using Kd.ServiceDefaults;
using Kd.ServiceDefaults.Settings;
using Kd.Settings;
using Kd.TeacherService.Batching;
using Kd.TeacherService.Cache;
using Kd.TeacherService.Diagnostics;
using Kd.TeacherService.Grpc;
using Kd.TeacherService.Labeling;
using Kd.TeacherService.Model;

namespace Kd.TeacherService.Hosting;

internal static class TeacherExtensions
{
    /// <summary>Builds the service.</summary>
    public static WebApplication BuildTeacherService(string[] args) => BuildTeacherService(args, NetworkLoader.Load);

    /// <summary>Builds the service with another source of the network, for benchmarks and tests.</summary>
    public static WebApplication BuildTeacherService(string[] args, LoadNetwork load)
    {
        var builder = ServiceDefaultsExtensions.CreateService(args).AddGrpcDefaults();
        builder.AddTeacher(load);
        // Waits for the cache, which may start beside this process, only when the network is loaded; the server listens after both.
        builder.AddLogitsCache();
        var app = builder.Build();
        app.MapServiceDefaults();
        app.MapGrpcDefaults<TeacherGrpcService>();
        app.MapGet("/scale", (PassQueue queue) => queue.Load);
        return app;
    }

    private static void AddTeacher(this WebApplicationBuilder builder, LoadNetwork load)
    {
        var services = builder.Services;
        services.AddSection<TeacherOptions>(TeacherOptions.Section);
        services.AddSection<DatasetOptions>(DatasetOptions.Section);
        services.AddSection<BatchingOptions>(BatchingOptions.Section);
        services.AddSingleton<TeacherMetrics>();
        services.AddSingleton(load);
        services.AddSingleton<ServedTeacher>();
        services.AddSingleton<TeacherFactory>();
        services.AddSingleton<PassQueue>();
        services.AddSingleton<PassRunner>();
        services.AddSingleton<TeacherHost>();
        services.AddHostedService(provider => provider.GetRequiredService<TeacherHost>());
        services.AddSingleton<RunOutcome>();
        services.AddHostedService<PassWatchdog>();
        services.AddSingleton<Labeler>();
        services.AddHealthChecks().AddCheck<TeacherHost>("teacher");
        services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = CallLimits.LargestMessage);
        // gRPC counts the message, Kestrel also its framing.
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = CallLimits.LargestMessage + 1024);
    }
}
