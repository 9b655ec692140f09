using Kd.ServiceDefaults.Settings;
using Kd.TeacherService.Hosting;

return await ServiceProgram.RunAsync(() => TeacherExtensions.BuildTeacherService(args));
