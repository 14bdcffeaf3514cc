using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace FirstCome.ServiceDefaults;

/// <summary>The rule for every text that a person typed: well-formed, no control or bidirectional override characters, normalised (NFC), trimmed, of a length.</summary>
public static class RequestText
{
    /// <summary>
    /// Cleans a text.
    /// </summary>
    /// <param name="text">As it came; null counts as empty.</param>
    /// <param name="minimum">The least length, in UTF-16 units, after trimming and normalising.</param>
    /// <param name="maximum">The greatest length.</param>
    /// <param name="clean">The text to keep; empty when refused.</param>
    /// <param name="problem">What to change, to stand after the field's name; null when all is well.</param>
    /// <param name="multiline">Whether line feeds and tabs are allowed.</param>
    public static bool Clean(string? text, int minimum, int maximum, out string clean, [NotNullWhen(false)] out string? problem, bool multiline = false)
    {
        clean = "";
        problem = null;
        text ??= "";
        // Normalising may lengthen a text threefold; what is far too long is refused before.
        if (text.Length > maximum * 4L) { problem = LengthRule(minimum, maximum); return false; }
        if (!IsWellFormed(text)) { problem = "must be well-formed Unicode"; return false; }
        foreach (var character in text)
        {
            if (multiline && character is '\n' or '\t') { continue; }
            if (IsRefused(character)) { problem = string.Create(CultureInfo.InvariantCulture, $"must not contain the control character U+{(int)character:X4}"); return false; }
        }
        var normalised = text.Normalize(NormalizationForm.FormC).Trim();
        if (normalised.Length < minimum || normalised.Length > maximum) { problem = LengthRule(minimum, maximum); return false; }
        clean = normalised;
        return true;
    }

    /// <summary>As <see cref="Clean(string?, int, int, out string, out string?, bool)"/>, and a refusal is added to the errors under the field's name.</summary>
    public static string Clean(string? text, int minimum, int maximum, FieldErrors errors, string field, bool multiline = false)
    {
        if (!Clean(text, minimum, maximum, out var clean, out var problem, multiline)) { errors.Add(field, problem); }
        return clean;
    }

    private static string LengthRule(int minimum, int maximum) => $"must have {minimum} to {maximum} characters";

    // C0, DEL, C1, and the characters that turn the direction of what follows or hide it.
    private static bool IsRefused(char character) =>
        char.IsControl(character) || character is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u200E' or '\u200F' or '\u061C' or '\uFEFF' or '\u2028' or '\u2029'
        || (character >= '\uFFF9' && character <= '\uFFFB') || character == '\uFFFE' || character == '\uFFFF';

    private static bool IsWellFormed(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) { continue; }
            if (!char.IsHighSurrogate(text[i]) || i + 1 == text.Length || !char.IsLowSurrogate(text[i + 1])) { return false; }
            i++;
        }
        return true;
    }
}
