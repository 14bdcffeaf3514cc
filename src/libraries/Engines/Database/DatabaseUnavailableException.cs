using FirstCome.ServiceDefaults;

namespace FirstCome.Engines.Database;

/// <summary>The database is away, full, or busy for longer than a caller should wait. Nothing of the failed transaction was written, unless it broke off during its commit.</summary>
public sealed class DatabaseUnavailableException : UnavailableException
{
    public DatabaseUnavailableException() { }
    public DatabaseUnavailableException(string message) : base(message) { }
    public DatabaseUnavailableException(string message, Exception inner) : base(message, inner) { }
}
