using System.Runtime.InteropServices;

namespace FirstCome.TestKit;

/// <summary>Signals to processes by their ids.</summary>
public static class Signals
{
    public const int Terminate = 15, Kill = 9, Stop = 19, Continue = 18;

    public static void Send(int process, int signal) => _ = NativeMethods.Kill(process, signal);

    private static class NativeMethods
    {
        [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int Kill(int process, int signal);
    }
}
