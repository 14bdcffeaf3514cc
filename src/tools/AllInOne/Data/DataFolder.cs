using System.Globalization;
using System.Security.Cryptography;
using FirstCome.AllInOne.Start;

namespace FirstCome.AllInOne.Data;

/// <summary>
/// Everything that is kept between two starts. One start at a time holds it.
/// <code>
/// lock                  held while the system runs
/// pid                   its process
/// service-key           the secret that the services share, mode 600
/// demo-accounts.json    [{"role","email","password"}], mode 600
/// addresses.json        [{"service","url","pid"}] of the running system
/// config/               the Git repository that ConfigServer reads
/// config-cache/         each service's last settings, for a start without ConfigServer
/// keys/                 the keys that sign access tokens
/// users.db coupons.db ledger.db log.db
/// </code>
/// </summary>
internal sealed class DataFolder : IDisposable
{
    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerFile | UnixFileMode.UserExecute;

    private readonly string _path;
    private readonly FileStream _lock;

    private DataFolder(string path, FileStream held)
    {
        _path = path;
        _lock = held;
        var key = Full("service-key");
        if (!File.Exists(key)) { WritePrivately("service-key", RandomNumberGenerator.GetHexString(64, lowercase: true)); }
        ServiceKey = File.ReadAllText(key).Trim();
    }

    /// <summary>Makes the folder where it is missing and takes hold of it.</summary>
    /// <exception cref="StartRefusedException">It cannot be written, or another start holds it.</exception>
    public static DataFolder Open(string path)
    {
        var full = Path.GetFullPath(path);
        try
        {
            CreateFolder(full);
            var held = Hold(full);
            try { return new DataFolder(full, held); }
            catch
            {
                held.Dispose();
                throw;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new StartRefusedException($"The data folder {full} cannot be written ({exception.Message}); choose another with --data.", exception);
        }
    }

    public string Full(string name) => Path.Combine(_path, name);

    /// <summary>The path of a folder within, which is made where it is missing.</summary>
    public string Folder(string name)
    {
        CreateFolder(Full(name));
        return Full(name);
    }

    /// <summary>The secret that the services share: made at the first start, kept since.</summary>
    public string ServiceKey { get; }

    /// <summary>The Git repository of settings: made of the shipped <c>config-repo</c> at the first start, the operator's own since.</summary>
    public string ConfigRepository()
    {
        var repository = Full("config");
        try { FirstCome.ConfigServer.ConfigRepository.CreateFrom(Path.Combine(AppContext.BaseDirectory, "config-repo"), repository); }
        catch (InvalidOperationException exception) { throw new StartRefusedException(exception.Message, exception); }
        return repository;
    }

    /// <summary>Writes a file in one step, readable by its owner only.</summary>
    public void WritePrivately(string name, string text)
    {
        var file = Full(name);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows()) { options.UnixCreateMode = OwnerFile; }
        using (var writer = new StreamWriter(file + ".new", options)) { writer.Write(text); }
        File.Move(file + ".new", file, overwrite: true);
    }

    public void Dispose()
    {
        File.Delete(Full("pid"));
        _lock.Dispose();
    }

    private static FileStream Hold(string folder)
    {
        var (file, holder) = (Path.Combine(folder, "lock"), Path.Combine(folder, "pid"));
        try
        {
            var held = new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(holder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return held;
        }
        catch (IOException exception) when (File.Exists(holder))
        {
            throw new StartRefusedException($"The data folder {folder} is in use by another start (process {File.ReadAllText(holder)}); stop that one, or choose another folder with --data.", exception);
        }
    }

    private static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) { Directory.CreateDirectory(folder); }
        else { Directory.CreateDirectory(folder, OwnerFolder); }
    }
}
