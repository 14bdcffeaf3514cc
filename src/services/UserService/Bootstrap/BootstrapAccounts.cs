using System.Text.Json;
using FirstCome.Authentication;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Members;
using FirstCome.UserService.Passwords;
using Microsoft.Extensions.Options;

namespace FirstCome.UserService.Bootstrap;

/// <summary>Section <c>Bootstrap</c>.</summary>
public sealed class BootstrapOptions : ICheckedOptions
{
    /// <summary>
    /// A JSON file <c>[{"role","email","password"}]</c>, readable by its owner only (mode 600): accounts that are missing are made at start, with that role
    /// besides member. Without it nobody is the first admin. Default: none.
    /// </summary>
    public string? AccountsFile { get; set; }

    public IEnumerable<string> Check()
    {
        if (AccountsFile is null) { yield break; }
        if (!File.Exists(AccountsFile)) { yield return $"Bootstrap:AccountsFile must be an existing file, but there is none at \"{AccountsFile}\"."; }
        else if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(AccountsFile) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite)) != 0)
        {
            yield return $"Bootstrap:AccountsFile must be readable by its owner only (chmod 600), but \"{AccountsFile}\" is not.";
        }
    }
}

/// <summary>One account of the file.</summary>
internal sealed record BootstrapAccount(string Role, string Email, string Password);

/// <summary>
/// Makes the accounts of the file that are missing, before the first request; where the database is away then, as soon as it is there. An address that has an account already is left as it is.
/// </summary>
internal sealed class BootstrapAccounts(Database database, PasswordHashing hashing, IOptions<BootstrapOptions> options, IOptions<PasswordOptions> passwords,
    TimeProvider time, ILogger<BootstrapAccounts> logger) : BackgroundService
{
    private const int AccountsMax = 100, BytesMax = 64 * 1024;
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);
    private IReadOnlyList<(string Email, string Password, Role Role)> _missing = [];

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.AccountsFile is not { } file) { return; }
        var accounts = Read(await File.ReadAllBytesAsync(file, cancellationToken));
        try { await MakeAsync(accounts, cancellationToken); }
        catch (DatabaseUnavailableException exception)
        {
            BootstrapLog.AccountsWait(logger, exception);
            _missing = accounts;
        }
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (_missing.Count > 0)
        {
            await Task.Delay(s_pause, time, stoppingToken);
            try
            {
                await MakeAsync(_missing, stoppingToken);
                _missing = [];
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested) { BootstrapLog.AccountsWait(logger, exception); }
        }
    }

    /// <summary>Checks the whole file by the rules of signing up; every wrong entry is told at once, by its place.</summary>
    internal static IReadOnlyList<(string Email, string Password, Role Role)> Read(byte[] json)
    {
        var accounts = Parse(json);
        var errors = new FieldErrors();
        var checkedAccounts = accounts.Select((account, index) =>
        {
            var email = MemberRules.Email(account.Email, errors, $"[{index}].email");
            var password = PasswordRules.ReadNew(account.Password, email, errors, $"[{index}].password");
            if (!Roles.TryParse(account.Role, out var role)) { errors.Add($"[{index}].role", "must be one of member, merchant, operator, admin"); }
            return (email, password, role);
        }).ToList();
        if (!errors.Any) { return checkedAccounts; }
        var sentences = errors.ByField.SelectMany(field => field.Value.Select(sentence => $"{field.Key} {sentence}"));
        throw new InvalidOperationException($"Bootstrap:AccountsFile is not right: {string.Join("; ", sentences)}.");
    }

    private static List<BootstrapAccount> Parse(byte[] json)
    {
        if (json.Length > BytesMax) { throw new InvalidOperationException($"Bootstrap:AccountsFile must have at most {BytesMax} bytes."); }
        try
        {
            var accounts = JsonSerializer.Deserialize<List<BootstrapAccount>>(json, ApiJson.Options);
            if (accounts is { Count: <= AccountsMax }) { return accounts; }
        }
        catch (JsonException exception)
        {
            // The parser's own words might repeat a password; its place is enough.
            var place = $"line {exception.LineNumber + 1}, {exception.Path}";
            throw new InvalidOperationException($"Bootstrap:AccountsFile is not JSON of the form [{{\"role\",\"email\",\"password\"}}]: see {place}.");
        }
        throw new InvalidOperationException($"Bootstrap:AccountsFile must be a list of at most {AccountsMax} accounts.");
    }

    private Task MakeAsync(IReadOnlyList<(string Email, string Password, Role Role)> accounts, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        accounts, new ParallelOptions { MaxDegreeOfParallelism = passwords.Value.Concurrency, CancellationToken = cancellationToken }, MakeAsync);

    private async ValueTask MakeAsync((string Email, string Password, Role Role) account, CancellationToken cancellationToken)
    {
        if (await database.ReadAsync((connection, token) => MemberTable.FindByEmailAsync(connection, account.Email, token), cancellationToken) is not null)
        {
            return;
        }
        using var slot = await hashing.EnterAsync(cancellationToken) ?? throw new InvalidOperationException(
            "No password could be hashed in time to make the accounts of Bootstrap:AccountsFile.");
        var name = account.Email[..account.Email.IndexOf('@', StringComparison.Ordinal)];
        if (name.Length > MemberRules.DisplayNameMax) { name = name[..MemberRules.DisplayNameMax]; }
        var hash = await slot.HashAsync(account.Password);
        var member = Member.New(account.Email, hash, name, MemberRules.LocaleDefault, account.Role, time.GetUtcNow());
        if (await database.WriteAsync((connection, transaction, token) =>
            MemberTable.InsertAsync(connection, transaction, database.Dialect, member, token), cancellationToken))
        {
            BootstrapLog.AccountMade(logger, member.Id, account.Role);
        }
    }
}
