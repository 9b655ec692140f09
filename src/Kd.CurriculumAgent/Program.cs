using Kd.CurriculumAgent.Runs;
using Kd.ServiceDefaults.Settings;

return await ServiceProgram.RunAsync(() => CurriculumExtensions.BuildCurriculumAgent(args));
