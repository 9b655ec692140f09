using Kd.Cache;
using Kd.ServiceDefaults.Settings;

return await ServiceProgram.RunAsync(() => CacheExtensions.BuildCache(args));
