using FirstCome.ServiceDefaults;

namespace FirstCome.Engines.Database;

/// <summary>How a connection to the database server is encrypted.</summary>
public enum DatabaseTls
{
    /// <summary>With TLS where the server offers it; its certificate is not checked.</summary>
    Preferred,
    /// <summary>With TLS or not at all; the certificate is not checked.</summary>
    Required,
    /// <summary>With TLS; certificate and host name must be right.</summary>
    Verified,
    /// <summary>In the clear: for a server on the same host.</summary>
    None,
}

/// <summary>Section <c>Database</c>: the service's own schema on a MySQL (8.4 or later) or MariaDB (10.11 or later) server.</summary>
public sealed class DatabaseOptions : ICheckedOptions
{
    private static readonly TimeSpan s_timeoutMin = TimeSpan.FromSeconds(1), s_timeoutMax = TimeSpan.FromSeconds(30);

    /// <summary>Host name or address; required.</summary>
    public string Server { get; set; } = "";

    /// <summary>1 to 65,535; default 3306.</summary>
    public int Port { get; set; } = 3306;

    /// <summary>The schema; required, up to 64 letters, digits, <c>_</c> and <c>-</c>.</summary>
    public string Name { get; set; } = "";

    /// <summary>The account, which needs no rights but on its schema; required, up to 80 characters.</summary>
    public string User { get; set; } = "";

    /// <summary>Required; comes from the environment or a secret file, never from a repository.</summary>
    public string Password { get; set; } = "";

    /// <summary>Connections of one instance at most; default 32, 2 to 500. All instances together must stay below the server's <c>max_connections</c>.</summary>
    public int PoolMax { get; set; } = 32;

    /// <summary>Default <see cref="DatabaseTls.Preferred"/>.</summary>
    public DatabaseTls Tls { get; set; } = DatabaseTls.Preferred;

    /// <summary>How long a connection is waited for, a free one of the pool too; default 2 s, whole seconds from 1 s to 30 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long one statement of a request may take; default 3 s, whole seconds from 1 s to 30 s.</summary>
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(3);

    public IEnumerable<string> Check()
    {
        if (string.IsNullOrWhiteSpace(Server)) { yield return "Database:Server must be the host name or address of the database server, but is empty."; }
        if (Port is < 1 or > 65_535) { yield return $"Database:Port must be between 1 and 65535, but is {Port}."; }
        if (Name.Length is < 1 or > 64 || !Name.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '-'))
        {
            yield return $"Database:Name must be a schema's name of 1 to 64 letters, digits, '_' and '-', but is \"{Name}\".";
        }
        if (User.Length is < 1 or > 80) { yield return $"Database:User must be an account's name of 1 to 80 characters, but has {User.Length}."; }
        if (Password.Length == 0) { yield return "Database:Password must be the account's password, but is empty."; }
        if (PoolMax is < 2 or > 500) { yield return $"Database:PoolMax must be between 2 and 500, but is {PoolMax}."; }
        if (!Enum.IsDefined(Tls)) { yield return $"Database:Tls must be Preferred, Required, Verified or None, but is {Tls}."; }
        if (!IsTimeout(ConnectTimeout)) { yield return $"Database:ConnectTimeout must be whole seconds between 00:00:01 and 00:00:30, but is {ConnectTimeout}."; }
        if (!IsTimeout(CommandTimeout)) { yield return $"Database:CommandTimeout must be whole seconds between 00:00:01 and 00:00:30, but is {CommandTimeout}."; }
    }

    private static bool IsTimeout(TimeSpan value) => value >= s_timeoutMin && value <= s_timeoutMax && value.Ticks % TimeSpan.TicksPerSecond == 0;
}
