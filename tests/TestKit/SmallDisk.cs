using System.Globalization;
using System.Runtime.InteropServices;

namespace FirstCome.TestKit;

/// <summary>A disk of a few hundred megabytes (tmpfs), mounted over an empty folder, for tests that fill it. Unmounted when it is disposed, and at the latest when the process ends.</summary>
public sealed class SmallDisk : IDisposable
{
    private const int Detach = 2, PieceBytes = 1024 * 1024;

    private readonly string _folder;
    private readonly string _filler;
    private bool _mounted = true;

    private SmallDisk(string folder)
    {
        _folder = folder;
        _filler = Path.Combine(folder, "filler");
        AppDomain.CurrentDomain.ProcessExit += Ended;
    }

    /// <summary>Null where this process may not mount.</summary>
    public static SmallDisk? Mount(string folder, int megabytes) =>
        NativeMethods.Mount("tmpfs", folder, "tmpfs", 0, string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m,mode=0700")) == 0 ? new SmallDisk(folder) : null;

    /// <summary>Leaves not a byte to anybody.</summary>
    public void Fill()
    {
        using var filler = new FileStream(_filler, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        var bytes = new byte[PieceBytes];
        for (var piece = PieceBytes; piece > 0;)
        {
            try { filler.Write(bytes, 0, piece); }
            // The disk is full for so much; what is left is less.
            catch (IOException) { piece /= 2; }
        }
    }

    /// <summary>Gives back what <see cref="Fill"/> took.</summary>
    public void Free() => File.Delete(_filler);

    public void Dispose()
    {
        if (!_mounted) { return; }
        _mounted = false;
        AppDomain.CurrentDomain.ProcessExit -= Ended;
        // Also while a process still has a file open there.
        if (NativeMethods.Unmount(_folder, Detach) != 0) { throw new IOException($"{_folder} cannot be unmounted: {Marshal.GetLastPInvokeErrorMessage()}"); }
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
