using System.Security.Cryptography;
using System.Text.Json;
using FirstCome.AllInOne.Data;
using FirstCome.AllInOne.Start;
using MySqlConnector;

namespace FirstCome.Services.Engines;

/// <summary>Makes each owner's schema and an account that reaches nothing else; the passwords are made up once and kept in <c>database-accounts.json</c>, mode 600.</summary>
internal static class Schemas
{
    private const string File = "database-accounts.json";
    private const string Grants = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX";
    private static readonly TimeSpan s_readyMax = TimeSpan.FromSeconds(60), s_again = TimeSpan.FromMilliseconds(200);
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <exception cref="StartRefusedException">The server does not let the administrator in, or make them.</exception>
    public static async Task<IReadOnlyDictionary<string, SchemaAccount>> EnsureAsync(string host, int port, string admin, DataFolder data, CancellationToken cancellationToken)
    {
        var accounts = Accounts(data);
        await using var connection = await OpenAsync(host, port, admin, cancellationToken);
        foreach (var (schema, account) in accounts)
        {
            try
            {
                // Names and passwords are this program's own letters and digits.
                await using var command = new MySqlCommand(
                    $"""
                    CREATE DATABASE IF NOT EXISTS {schema} CHARACTER SET utf8mb4;
                    CREATE USER IF NOT EXISTS '{account.User}'@'%';
                    ALTER USER '{account.User}'@'%' IDENTIFIED BY '{account.Password}';
                    GRANT {Grants} ON {schema}.* TO '{account.User}'@'%'
                    """, connection);
                await command.ExecuteNonQueryAsync(cancellationToken);
            }
            catch (MySqlException exception) { throw new StartRefusedException($"The schema {schema} and its account could not be made: {exception.Message}", exception); }
        }
        return accounts;
    }

    private static Dictionary<string, SchemaAccount> Accounts(DataFolder data)
    {
        if (!System.IO.File.Exists(data.Full(File)))
        {
            var made = EngineSettings.SchemaOf.Values.Distinct().ToDictionary(schema => schema, schema => new SchemaAccount(schema, RandomNumberGenerator.GetHexString(40, lowercase: true)));
            data.WritePrivately(File, JsonSerializer.Serialize(made, s_json) + "\n");
        }
        return JsonSerializer.Deserialize<Dictionary<string, SchemaAccount>>(System.IO.File.ReadAllText(data.Full(File)), s_json) ?? [];
    }

    // It listens before it lets anybody in.
    private static async Task<MySqlConnection> OpenAsync(string host, int port, string admin, CancellationToken cancellationToken)
    {
        var (user, password) = (admin[..admin.IndexOf(':', StringComparison.Ordinal)], admin[(admin.IndexOf(':', StringComparison.Ordinal) + 1)..]);
        var settings = new MySqlConnectionStringBuilder { Server = host, Port = (uint)port, UserID = user, Password = password, Pooling = false, ConnectionTimeout = 5 };
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var connection = new MySqlConnection(settings.ConnectionString);
            try
            {
                await connection.OpenAsync(cancellationToken);
                return connection;
            }
            catch (MySqlException exception)
            {
                await connection.DisposeAsync();
                if (exception.ErrorCode == MySqlErrorCode.AccessDenied || TimeProvider.System.GetElapsedTime(started) > s_readyMax)
                {
                    throw new StartRefusedException($"The database server at {host}:{port} does not let {user} in: {exception.Message}", exception);
                }
                await Task.Delay(s_again, cancellationToken);
            }
        }
    }
}
