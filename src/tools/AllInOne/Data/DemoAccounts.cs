using System.Security.Cryptography;
using System.Text.Json;

namespace FirstCome.AllInOne.Data;

/// <summary>An account to try the system with; UserService makes those that are missing when it starts.</summary>
internal sealed record DemoAccount(string Role, string Email, string Password);

internal static class DemoAccounts
{
    public const string File = "demo-accounts.json";
    private const int PasswordLength = 20;
    private static readonly string[] s_roles = ["member", "merchant", "operator", "admin"];
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>One account of each role: made up at the first start, the same since.</summary>
    public static IReadOnlyList<DemoAccount> Ensure(DataFolder data)
    {
        var file = data.Full(File);
        if (!System.IO.File.Exists(file))
        {
            var made = s_roles.Select(role => new DemoAccount(role, $"demo-{role}@firstcome.example", RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyz23456789", PasswordLength)));
            data.WritePrivately(File, JsonSerializer.Serialize(made, s_json) + "\n");
        }
        return JsonSerializer.Deserialize<IReadOnlyList<DemoAccount>>(System.IO.File.ReadAllText(file), s_json) ?? [];
    }
}
