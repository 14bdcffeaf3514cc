using System.Security.Cryptography;
using System.Text;

namespace FirstCome.UserService.Passwords;

/// <summary>
/// A one-time code for a new password: 20 random characters (100 bits) of Crockford's base 32, in groups of five, to be read out over the telephone. Only
/// <see cref="Hash"/> is kept.
/// </summary>
internal static class ResetCode
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int Length = 20, Group = 5;

    public static string Create() => string.Join('-', RandomNumberGenerator.GetString(Alphabet, Length).Chunk(Group).Select(group => new string(group)));

    /// <summary>SHA-256 of the code as typed: case, spaces and hyphens do not count, I and L are 1, O is 0. Anything else hashes to what no code has.</summary>
    public static byte[] Hash(string typed)
    {
        var text = new StringBuilder(Length);
        foreach (var character in typed)
        {
            if (character is '-' or ' ') { continue; }
            text.Append(char.ToUpperInvariant(character) switch { 'I' or 'L' => '1', 'O' => '0', var other => other });
        }
        return SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
    }
}
