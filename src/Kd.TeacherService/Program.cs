using Kd.ServiceDefaults;
using Kd.ServiceDefaults.Settings;
using Kd.TeacherService.Cache;
using Kd.TeacherService.Grpc;
using Kd.TeacherService.Serving;
using Kd.Vision.Checkpoints;
using Kd.Vision.Datasets;
using Kd.Vision.Runtime;

return await ServiceProgram.RunAsync(
    () =>
    {
        var builder = ServiceDefaultsExtensions.CreateService(args);
        builder.AddLogitsCache();
        builder.AddTeacher();
        var app = builder.Build();
        app.MapServiceDefaults();
        app.MapGrpcService<TeacherGrpcService>();
        return app;
    },
    error => error is CheckpointException or DatasetException or TorchLoadException or TeacherException);
