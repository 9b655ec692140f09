using Kd.CurriculumAgent.Hosting;
using Kd.ServiceDefaults.Settings;

return await ServiceProgram.RunAsync(() => CurriculumExtensions.BuildCurriculumAgent(args));
