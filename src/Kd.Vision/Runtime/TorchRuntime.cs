using System.IO.Hashing;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using Kd.Core.Files;
using TorchSharp;

namespace Kd.Vision.Runtime;

/// <summary>Loads TorchSharp's native libraries, even on hosts whose libstdc++ is older than the one they were built with.</summary>
/// <remarks>
/// The hook runs only after the ordinary load of <c>libLibTorchSharp.so</c> has failed, so on newer hosts it does nothing. It then loads a copy
/// of the library in which the dependency on GLIBCXX_3.4.32 is weak. The original and the package cache are never written.
/// </remarks>
public static partial class TorchRuntime
{
    private const string BridgeName = "LibTorchSharp";
    private const string BridgeFile = "libLibTorchSharp.so";
    private const string MissingVersion = "GLIBCXX_3.4.32";

    // M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_MAX of malloc.h.
    private const int FreeAtTheEnd = -1,
        KeptOfHeap = -2,
        BlocksOutside = -4;
    private const int HeapOfThread = 64 << 20;

    private static readonly List<string> s_trace = [];
    private static readonly Lazy<bool> s_loaded = new(Load);

    // What torch chose by itself, read before another number is set.
    private static readonly Lazy<int> s_ownThreads = new(() =>
    {
        EnsureLoaded();
        return torch.get_num_threads();
    });

    /// <summary>Loads libtorch; cheap after the first call, safe on any thread.</summary>
    /// <exception cref="TorchLoadException">The libraries cannot be loaded on this host.</exception>
    public static void EnsureLoaded() => _ = s_loaded.Value;

    /// <summary>Sets the number of threads that one operation uses.</summary>
    /// <param name="threads">1 to 1024; 0: as many as torch chose by itself.</param>
    public static void SetThreads(int threads)
    {
        var own = s_ownThreads.Value;
        var wanted = threads > 0 ? threads : own;
        if (torch.get_num_threads() != wanted)
            torch.set_num_threads(wanted);
    }

    /// <summary>Returns the device with a given name.</summary>
    /// <param name="name"><c>auto</c> (CUDA if available, else CPU), <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</param>
    /// <exception cref="ArgumentException">The name is not one of these, or the device is not on this machine.</exception>
    public static torch.Device ChooseDevice(string name)
    {
        EnsureLoaded();
        switch (name)
        {
            case "auto":
                return torch.cuda.is_available() ? torch.CUDA : torch.CPU;
            case "cpu":
                return torch.CPU;
        }

        var index = 0;
        if (name != "cuda" && !(name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(name.AsSpan(5), out index) && index >= 0))
            throw new ArgumentException($"Device '{name}' is not known. Use auto, cpu, cuda or cuda:N.");
        var count = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        if (index >= count)
            throw new ArgumentException(
                $"Device '{name}' was requested, but libtorch sees {count} CUDA devices. "
                    + "Use Device=cpu or auto, or build with -p:Torch=cuda on a machine with an NVIDIA driver."
            );
        return torch.device(DeviceType.CUDA, index);
    }

#pragma warning disable CA2255 // The hook must be installed before TorchSharp's static constructors run, whichever code triggers them.
    [ModuleInitializer]
    internal static void InstallHook() => AssemblyLoadContext.Default.ResolvingUnmanagedDll += OnUnresolved;
#pragma warning restore CA2255

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetHeapOption(int option, int value);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    private static bool Load()
    {
        KeepToSafeKernels();
        KeepLargeBlocks();
        // TorchSharp's own fallback copies libtorch (480 MB) out of the package cache before it gives up; fail before that.
        var torchSharp = typeof(torch).Assembly;
        if (!NativeLibrary.TryLoad("torch_cpu", torchSharp, null, out _))
            throw Failure("libtorch_cpu was not found or could not be loaded.");
        if (!NativeLibrary.TryLoad(BridgeName, torchSharp, null, out _))
            throw Failure($"{BridgeFile} could not be loaded.");
        try
        {
            torch.InitializeDeviceType(DeviceType.CPU);
            SilenceWarnings(torchSharp);
            return true;
        }
        catch (Exception error) when (error is NotSupportedException or TypeInitializationException or DllNotFoundException)
        {
            throw Failure(error.InnerException?.Message ?? error.Message, error);
        }
    }

    // oneDNN plans its newer kernels (from AVX2 on) by the cache sizes. If the processor hides them, oneDNN crashes or computes wrong logits;
    // it is then limited to AVX.
    private static void KeepToSafeKernels()
    {
        if (!OperatingSystem.IsWindows() && ProcessorCaches.AreHidden)
            SetEnvironment("ONEDNN_MAX_CPU_ISA", "AVX", overwrite: 0);
    }

    // glibc returns large blocks to the system when they are freed: each step or pass would get its memory anew, page by page. The service's NativeHeap
    // returns what is free once a minute.
    private static void KeepLargeBlocks()
    {
        if (!OperatingSystem.IsLinux())
            return;
        try
        {
            SetHeapOption(BlocksOutside, 0);
            SetHeapOption(FreeAtTheEnd, int.MaxValue);
            SetHeapOption(KeptOfHeap, HeapOfThread);
        }
        catch (EntryPointNotFoundException)
        {
            // Not glibc.
        }
    }

    // If NNPACK does not know the processor, libtorch logs a warning at every convolution. initLogging reads the log level from the native
    // environment, which .NET's Environment class does not change.
    private static unsafe void SilenceWarnings(Assembly torchSharp)
    {
        if (
            OperatingSystem.IsWindows()
            || !NativeLibrary.TryLoad("c10", torchSharp, null, out var c10)
            || !NativeLibrary.TryGetExport(c10, "_ZN3c1011initLoggingEv", out var initLogging)
        )
            return;
        SetEnvironment("TORCH_CPP_LOG_LEVEL", "ERROR", overwrite: 0);
        ((delegate* unmanaged<void>)initLogging)();
    }

    private static TorchLoadException Failure(string what, Exception? inner = null)
    {
        var tried = string.Join(Environment.NewLine, s_trace.Select(line => "  " + line));
        return new TorchLoadException(
            $"""
            TorchSharp's native libraries do not load on {RuntimeInformation.OSDescription} ({RuntimeInformation.RuntimeIdentifier}): {what}
            Tried the files beside {AppContext.BaseDirectory}
            {tried}
            To fix it: rebuild on this platform (dotnet build); on Linux use x86-64 with glibc 2.28 or later and install libgomp1/libstdc++6;
            on GPU machines build with -p:Torch=cuda. LD_DEBUG=libs shows what the loader cannot find.
            """,
            inner
        );
    }

    private static nint OnUnresolved(Assembly assembly, string name)
    {
        if (name != BridgeName || !OperatingSystem.IsLinux() || FindBridge() is not { } bridge)
            return 0;
        lock (s_trace)
        {
            try
            {
                var copy = EnsurePatchedCopy(bridge);
                if (copy is null)
                    return 0;
                // The copy depends on libraries in the original's folder: once they are loaded, the loader finds them by name.
                NativeLibrary.TryLoad(Path.Combine(Path.GetDirectoryName(bridge)!, "libtorch.so"), out _);
                var handle = NativeLibrary.Load(copy);
                s_trace.Add($"loaded {copy} ({MissingVersion} made weak)");
                return handle;
            }
            catch (Exception error)
                when (error is DllNotFoundException or IOException or UnauthorizedAccessException or InvalidDataException or BadImageFormatException)
            {
                s_trace.Add($"a copy of {bridge} with {MissingVersion} made weak: {error.Message}");
                return 0;
            }
        }
    }

    private static string? FindBridge()
    {
        var folders = new[] { Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native"), AppContext.BaseDirectory };
        return folders.Select(folder => Path.Combine(folder, BridgeFile)).FirstOrDefault(File.Exists);
    }

    /// <summary>
    /// Writes the patched copy once per original (named by its hash), next to it or, if that folder is read-only, in the user's cache. A copy that is
    /// already there is code that will run: it is used only if it has the same bytes, in a folder that nobody else can write to.
    /// </summary>
    private static string? EnsurePatchedCopy(string bridge)
    {
        var image = File.ReadAllBytes(bridge);
        var name = $"libLibTorchSharp.{Convert.ToHexStringLower(XxHash64.Hash(image))}.so";
        if (WeakSymbolVersion.Mark(image, MissingVersion) == 0)
        {
            s_trace.Add($"{bridge} does not need {MissingVersion}; its failure to load has another cause");
            return null;
        }

        var cache = Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create),
            "kd-aspire"
        );
        return FindOrWriteCopy([Path.Combine(Path.GetDirectoryName(bridge)!, "kd-compat"), cache], name, image)
            ?? throw new IOException($"no folder for the copy is writable by this user only (tried beside {bridge}, and {cache})");
    }

    /// <summary>Finds a copy, or writes one.</summary>
    /// <param name="folders">Folders to try, in order.</param>
    /// <param name="name">Name of the copy.</param>
    /// <param name="content">Bytes of the copy.</param>
    /// <returns>Path of the copy; null if no folder is suitable.</returns>
    internal static string? FindOrWriteCopy(IEnumerable<string> folders, string name, byte[] content)
    {
        foreach (var copy in folders.Select(folder => Path.Combine(folder, name)))
        {
            if (IsOwnCopy(copy, content) || (TryWrite(copy, content) && IsOwnCopy(copy, content)))
                return copy;
        }

        return null;
    }

    private static bool IsOwnCopy(string path, byte[] content)
    {
        try
        {
            return File.Exists(path)
                && PrivateFolder.IsWritableByOwnerOnly(Path.GetDirectoryName(path)!)
                && File.ReadAllBytes(path).AsSpan().SequenceEqual(content);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool TryWrite(string path, byte[] content)
    {
        try
        {
            PrivateFolder.Create(Path.GetDirectoryName(path)!);
            // AtomicFile.Write supports one writer per path, but several services may start at the same time: each writes a file of its own first.
            var aside = $"{path}.{Environment.ProcessId}";
            AtomicFile.Write(aside, file => file.Write(content));
            AtomicFile.Move(aside, path);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            s_trace.Add($"cannot write {path}: {error.Message}");
            return false;
        }
    }
}
