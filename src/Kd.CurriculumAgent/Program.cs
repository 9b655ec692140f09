using Kd.CurriculumAgent.Grpc;
using Kd.CurriculumAgent.Runs;
using Kd.ServiceDefaults;
using Kd.ServiceDefaults.Settings;

return await ServiceProgram.RunAsync(
    () =>
    {
        var builder = ServiceDefaultsExtensions.CreateService(args);
        builder.AddCurriculum();
        var app = builder.Build();
        app.MapServiceDefaults();
        app.MapGrpcService<CurriculumGrpcService>();
        return app;
    },
    error => error is AgentStateException);
