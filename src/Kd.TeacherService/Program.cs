using Kd.ServiceDefaults.Settings;
using Kd.TeacherService.Serving;

return await ServiceProgram.RunAsync(() => TeacherExtensions.BuildTeacherService(args));
