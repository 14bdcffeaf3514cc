using System.Net;
using System.Net.Sockets;
using Garnet;
using Garnet.server;
using Tsavorite.core;

namespace FirstCome.AllInOne.Engines;

/// <summary>
/// Garnet in this process, as the Redis that <c>./run</c> needs no installation for. It keeps nothing across a restart: gates are rebuilt from log and ledger.
/// It listens on a Unix socket that only this user may open, so that nobody else on the machine, and nobody beyond it, can talk to it.
/// </summary>
public sealed class EmbeddedGarnet : IDisposable
{
    // The address of a Unix socket holds 108 bytes, one of them the end.
    private const int SocketPathBytesMax = 107;

    private readonly GarnetServer _server;
    private readonly string? _ownFolder;

    private EmbeddedGarnet(GarnetServer server, UnixDomainSocketEndPoint endPoint, string? ownFolder)
    {
        _server = server;
        EndPoint = endPoint;
        _ownFolder = ownFolder;
    }

    /// <summary>Where it listens.</summary>
    public EndPoint EndPoint { get; }

    /// <summary>Starts a server whose socket and overflow stand in <paramref name="folder"/>, which must be this user's own; what an earlier one left there is deleted.</summary>
    /// <param name="memory">How much it keeps in memory before it moves the oldest to the folder: a power of two, as <c>512m</c>.</param>
    public static EmbeddedGarnet Start(string folder, string memory = "512m")
    {
        var overflow = Path.Combine(folder, "redis-overflow");
        if (Directory.Exists(overflow)) { Directory.Delete(overflow, recursive: true); }
        Directory.CreateDirectory(overflow);

        var socket = Path.GetFullPath(Path.Combine(folder, "redis.sock"));
        string? ownFolder = null;
        if (System.Text.Encoding.UTF8.GetByteCount(socket) > SocketPathBytesMax)
        {
            ownFolder = Directory.CreateTempSubdirectory("firstcome-").FullName;
            socket = Path.Combine(ownFolder, "redis.sock");
        }
        File.Delete(socket);

        var endPoint = new UnixDomainSocketEndPoint(socket);
        var server = new GarnetServer(Options(endPoint, socket, overflow, memory));
        server.Start();
        return new EmbeddedGarnet(server, endPoint, ownFolder);
    }

    public void Dispose()
    {
        _server.Dispose();
        if (_ownFolder is not null) { Directory.Delete(_ownFolder, recursive: true); }
    }

    private static GarnetServerOptions Options(EndPoint endPoint, string socket, string overflow, string memory) => new()
    {
        EndPoints = [endPoint],
        UnixSocketPath = socket,
        UnixSocketPermission = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        QuietMode = true,
        EnableLua = true,
        // Scripts name every key in KEYS; the transaction locks them together, and so a script is atomic as in Redis.
        LuaTransactionMode = true,
        LuaOptions = new LuaOptions(LuaMemoryManagementMode.Native, "", Timeout.InfiniteTimeSpan, LuaLoggingMode.Silent, []),
        // Memory is taken page by page as it fills. Beyond its bound Garnet would drop the oldest records without a word; with the storage tier it moves them to the folder.
        LogMemorySize = memory,
        PageSize = "1m",
        IndexMemorySize = "16m",
        EnableStorageTier = true,
        LogDir = overflow,
        DeviceType = DeviceType.RandomAccess,
    };
}
