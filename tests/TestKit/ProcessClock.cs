using System.Buffers.Binary;

namespace FirstCome.TestKit;

/// <summary>The wall clock of a process, which a test sets wrong while the process runs, by a library that is loaded before it (<c>clock.c</c>). Time that only goes on, by which waits are measured, stays right.</summary>
public sealed class ProcessClock
{
    private static readonly TimeSpan s_compiledMax = TimeSpan.FromSeconds(30);

    private readonly string _library, _file, _of;

    private ProcessClock(string library, string file, string of)
    {
        (_library, _file, _of) = (library, file, of);
        SetOff(TimeSpan.Zero);
    }

    /// <summary>A clock that is right; null where there is no C compiler to make it with.</summary>
    /// <param name="file">Tells the process how much its clock is off; the library stands beside it.</param>
    /// <param name="of">The binary within the process that asks for the time: .NET's runtime, or a program by its name.</param>
    public static async Task<ProcessClock?> CreateAsync(string file, string of = "libSystem.Native")
    {
        if (!Needed.HasProgram("gcc")) { return null; }
        var library = file + ".so";
        await using var gcc = ChildProcess.Start("gcc", ["-O2", "-shared", "-fPIC", "-o", library, Path.Combine(AppContext.BaseDirectory, "clock.c"), "-ldl"]);
        // Without the C library's headers it is of no use.
        return await gcc.WaitForExitAsync(s_compiledMax) == 0 ? new ProcessClock(library, file, of) : null;
    }

    /// <summary>What the process is started with.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string> { ["LD_PRELOAD"] = _library, ["FIRSTCOME_TEST_CLOCK"] = _file, ["FIRSTCOME_TEST_CLOCK_OF"] = _of };

    /// <summary>From now on it is so much ahead, in whole seconds; behind where negative.</summary>
    public void SetOff(TimeSpan off)
    {
        var seconds = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(seconds, (long)off.TotalSeconds);
        // In place: the process has the file mapped.
        using var file = File.OpenHandle(_file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
        RandomAccess.Write(file, seconds, 0);
    }
}
