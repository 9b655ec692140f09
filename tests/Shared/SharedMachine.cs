using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Kd.Tests;

/// <summary>
/// Two test programs and the services that they start share the machine. libgomp's threads spin on the cores that the others need, so that two busy processes of two threads are several times slower
/// than two of one thread: here each has one, unless a test asks for more.
/// </summary>
internal static partial class SharedMachine
{
    [ModuleInitializer]
    internal static void UseOneThreadAProcess()
    {
        const string threads = "OMP_NUM_THREADS";
        // For the processes that tests start.
        Environment.SetEnvironmentVariable(threads, "1");
        // For libtorch in this process: .NET keeps its changes of the environment to itself.
        if (OperatingSystem.IsLinux())
            _ = SetEnvironment(threads, "1", overwrite: 1);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
