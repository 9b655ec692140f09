using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kd.Tests;

/// <summary>
/// Limits each process to one OpenMP thread, unless a test sets more. Test programs and the services that they start share the machine, and libgomp's
/// threads spin on cores that others need: two busy processes with two threads each are several times slower than two with one thread each.
/// </summary>
internal static partial class SharedMachine
{
    [ModuleInitializer]
    internal static void UseOneThreadAProcess()
    {
        const string threads = "OMP_NUM_THREADS";
        // For processes that tests start.
        Environment.SetEnvironmentVariable(threads, "1");
        // For libtorch in this process: .NET does not pass its changes of the environment to native code.
        if (OperatingSystem.IsLinux())
            _ = SetEnvironment(threads, "1", overwrite: 1);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
