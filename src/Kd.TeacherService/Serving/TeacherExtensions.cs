using Kd.ServiceDefaults;
using Kd.ServiceDefaults.Settings;
using Kd.TeacherService.Batching;
using Kd.TeacherService.Cache;
using Kd.TeacherService.Grpc;
using Kd.Vision.Datasets;
using Microsoft.Extensions.Options;

namespace Kd.TeacherService.Serving;

internal static class TeacherExtensions
{
    /// <summary>The whole service.</summary>
    public static WebApplication BuildTeacherService(string[] args) => BuildTeacherService(args, NetworkLoader.Load);

    /// <summary>The whole service, with a network from elsewhere.</summary>
    public static WebApplication BuildTeacherService(string[] args, LoadNetwork load)
    {
        var builder = ServiceDefaultsExtensions.CreateService(args).AddGrpcDefaults();
        builder.AddLogitsCache();
        builder.AddTeacher(load);
        var app = builder.Build();
        app.MapServiceDefaults();
        app.MapGrpcService<TeacherGrpcService>();
        return app;
    }

    // The teacher, its gRPC service and its readiness check.
    private static void AddTeacher(this WebApplicationBuilder builder, LoadNetwork load)
    {
        var services = builder.Services;
        services.AddSection<TeacherOptions>(TeacherOptions.Section);
        services.AddSection<DatasetOptions>(DatasetOptions.Section);
        services.AddSection<BatchingOptions>(BatchingOptions.Section);
        services.AddSingleton(load);
        services.AddSingleton<TeacherFactory>();
        services.AddSingleton(CreateQueue);
        services.AddSingleton<PassRunner>();
        services.AddSingleton<TeacherHost>();
        services.AddHostedService(provider => provider.GetRequiredService<TeacherHost>());
        services.AddSingleton<Labeler>();
        services.AddHealthChecks().AddCheck<TeacherHost>("teacher");
        services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = TeacherGrpcService.LargestMessage);
    }

    private static PassQueue CreateQueue(IServiceProvider provider)
    {
        var queue = new PassQueue(provider.GetRequiredService<IOptions<BatchingOptions>>().Value, provider.GetRequiredService<TimeProvider>());
        TeacherTelemetry.QueueLength = () => queue.Length;
        return queue;
    }
}
