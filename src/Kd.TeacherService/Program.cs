using Kd.ServiceDefaults.Settings;
using Kd.TeacherService.Serving;
using Kd.Vision.Checkpoints;
using Kd.Vision.Datasets;
using Kd.Vision.Runtime;

return await ServiceProgram.RunAsync(
    () => TeacherExtensions.BuildTeacherService(args),
    error => error is CheckpointException or DatasetException or TorchLoadException or TeacherException);
