using System.Collections.Frozen;

namespace FirstCome.UserService.Passwords;

/// <summary>
/// The commonest passwords that are long enough to be chosen here; what every guesser tries first. The list is short on purpose: lockout and rate limits meet
/// the rest.
/// </summary>
internal static class CommonPasswords
{
    private static readonly FrozenSet<string> s_passwords = Load();

    /// <summary>Whether it is one of them, by any case; or one character, or two in turn, repeated.</summary>
    public static bool Contains(string password) => s_passwords.Contains(password) || IsRepeated(password);

    private static bool IsRepeated(string password)
    {
        for (var i = 2; i < password.Length; i++)
        {
            if (password[i] != password[i - 2]) { return false; }
        }
        return true;
    }

    private static FrozenSet<string> Load()
    {
        using var stream = typeof(CommonPasswords).Assembly.GetManifestResourceStream("common-passwords.txt")
            ?? throw new InvalidOperationException("The list common-passwords.txt is not embedded.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => line[0] != '#').ToFrozenSet(StringComparer.OrdinalIgnoreCase);
    }
}
