using System.Globalization;
using System.Runtime.InteropServices;

namespace FirstCome.TestKit;

/// <summary>A disk of a few hundred megabytes (tmpfs), mounted over an empty folder, for tests that fill it. Unmounted when it is disposed, and at the latest when the process ends.</summary>
public sealed class SmallDisk : IDisposable
{
    private const int Detach = 2;

    private readonly string _folder;
    private readonly List<string> _fillers = [];
    private bool _mounted = true;

    private SmallDisk(string folder)
    {
        _folder = folder;
        AppDomain.CurrentDomain.ProcessExit += Ended;
    }

    /// <summary>Null where this process may not mount.</summary>
    public static SmallDisk? Mount(string folder, int megabytes) =>
        NativeMethods.Mount("tmpfs", folder, "tmpfs", 0, string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m,mode=0700")) == 0 ? new SmallDisk(folder) : null;

    /// <summary>Takes what is free but for so much, in an instant.</summary>
    public void Fill(int leavingMegabytes = 0)
    {
        var leaving = (long)leavingMegabytes << 20;
        while (new DriveInfo(_folder).AvailableFreeSpace - leaving is > 0 and var bytes)
        {
            while (!TryTake(bytes)) { bytes = (bytes + 1) / 2; }
        }
    }

    /// <summary>Gives back what <see cref="Fill"/> took.</summary>
    public void Free()
    {
        _fillers.ForEach(File.Delete);
        _fillers.Clear();
    }

    public void Dispose()
    {
        if (!_mounted) { return; }
        _mounted = false;
        AppDomain.CurrentDomain.ProcessExit -= Ended;
        // Also while a process still has a file open there.
        if (NativeMethods.Unmount(_folder, Detach) != 0) { throw new IOException($"{_folder} cannot be unmounted: {Marshal.GetLastPInvokeErrorMessage()}"); }
    }

    // False where somebody else took of it meanwhile.
    private bool TryTake(long bytes)
    {
        if (new DriveInfo(_folder).AvailableFreeSpace == 0) { return true; }
        var filler = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"filler-{_fillers.Count}"));
        try { using var taken = new FileStream(filler, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, PreallocationSize = bytes }); }
        catch (IOException) { return false; }
        _fillers.Add(filler);
        return true;
    }

    private void Ended(object? sender, EventArgs e) => Dispose();

    private static class NativeMethods
    {
        [DllImport("libc", EntryPoint = "mount", SetLastError = true, BestFitMapping = false, ThrowOnUnmappableChar = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Mount([MarshalAs(UnmanagedType.LPStr)] string source, [MarshalAs(UnmanagedType.LPStr)] string target, [MarshalAs(UnmanagedType.LPStr)] string type, nuint flags, [MarshalAs(UnmanagedType.LPStr)] string options);

        [DllImport("libc", EntryPoint = "umount2", SetLastError = true, BestFitMapping = false, ThrowOnUnmappableChar = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Unmount([MarshalAs(UnmanagedType.LPStr)] string target, int flags);
    }
}
