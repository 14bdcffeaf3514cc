using CsCheck;
using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace FirstCome.RulesTests.ServiceDefaults;

public class RequestRulesTests
{
    [Fact]
    public void Errors_are_kept_by_field_and_bounded()
    {
        var errors = new FieldErrors();
        Assert.False(errors.Any);
        for (var field = 0; field < 60; field++)
        {
            for (var message = 0; message < 12; message++) { errors.Add($"field{field}", $"is wrong {message}"); }
        }
        Assert.True(errors.Any);
        Assert.Equal(50, errors.ByField.Count);
        Assert.All(errors.ByField.Values, messages => Assert.Equal(10, messages.Count));
    }

    [Theory]
    [InlineData("\"7\"", 7, 200), InlineData("*", 7, 200), InlineData("\"6\", \"7\"", 7, 200)]
    [InlineData("\"6\"", 7, 412), InlineData("W/\"7\"", 7, 412), InlineData("\"07\"", 7, 200), InlineData("\"seven\"", 7, 412), InlineData("\"-7\"", 7, 412), InlineData("\"99999999999999999999\"", 7, 412)]
    [InlineData("7", 7, 400), InlineData("\"7", 7, 400), InlineData("7\"", 7, 400), InlineData("", 7, 400), InlineData("\"7\",", 7, 400), InlineData("\"", 7, 400), InlineData("\"7\"\"8\"", 7, 400)]
    public void Entity_tags_are_compared_strongly(string header, long version, int status) => Assert.Equal(status, Check(header, version, required: true));

    [Fact]
    public void A_missing_entity_tag_is_refused_only_where_it_is_required()
    {
        Assert.Equal(428, Check(null, 7, required: true));
        Assert.Equal(200, Check(null, 7, required: false));
        Assert.Equal(412, Check("\"6\"", 7, required: false));
    }

    [Fact]
    public void Entity_tags_match_the_version_they_were_made_of() => Gen.Long[0, long.MaxValue].Sample(version =>
    {
        var context = new DefaultHttpContext();
        EntityTag.Set(context.Response, version);
        Assert.Equal(200, Check(context.Response.Headers.ETag, version, required: true));
    });

    [Fact]
    public void Cursors_give_back_what_was_put_in() => Gen.String[0, 40].Array[1, 4].Sample(parts =>
    {
        // What is no well-formed Unicode cannot come from our own columns.
        if (parts.Any(part => part.Any(char.IsSurrogate))) { return; }
        var text = Cursor.Encode(parts);
        if (text.Length > PageRequest.AfterLengthMax) { return; }
        Assert.True(Cursor.TryDecode(text, parts.Length, out var decoded));
        Assert.Equal(parts, decoded);
        Assert.False(Cursor.TryDecode(text, parts.Length + 1, out _));
        Assert.All(text, character => Assert.True(char.IsAsciiLetterOrDigit(character) || character is '-' or '_'));
    });

    [Fact]
    public void Cursors_of_others_are_refused() => Gen.String[0, 60].Sample(text => Assert.False(Cursor.TryDecode(text, 2, out _)));

    [Fact]
    public void A_cursor_too_long_is_refused() => Assert.False(Cursor.TryDecode(Cursor.Encode(new string('a', 2_000)), 1, out _));

    [Theory]
    [InlineData("  선착순 쿠폰 ", "선착순 쿠폰"), InlineData("Cafe\u0301", "Café"), InlineData("👩‍👩‍👧", "👩‍👩‍👧")]
    public void Texts_are_trimmed_and_composed(string typed, string kept)
    {
        Assert.True(RequestText.Clean(typed, 1, 40, out var clean, out _));
        Assert.Equal(kept, clean);
    }

    [Theory]
    [InlineData("a\0b"), InlineData("a\nb"), InlineData("a\u0085b"), InlineData("a\u202Eb"), InlineData("a\u2066b"), InlineData("a\uFEFFb"), InlineData("a\u007Fb")]
    [InlineData(""), InlineData("   "), InlineData(null), InlineData("123456789012345678901234567890123456789012345678901234567890")]
    public void Texts_with_control_characters_or_of_another_length_are_refused(string? typed)
    {
        Assert.False(RequestText.Clean(typed, 1, 40, out var clean, out var problem));
        Assert.Equal("", clean);
        Assert.StartsWith("must", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Texts_that_are_no_unicode_are_refused()
    {
        Assert.False(RequestText.Clean("\uD800", 1, 40, out _, out _));
        Assert.False(RequestText.Clean("\uDC00\uD800", 1, 40, out _, out _));
    }

    [Fact]
    public void Texts_of_several_lines_are_taken_where_that_is_allowed()
    {
        Assert.True(RequestText.Clean("a\n\tb", 1, 40, out _, out _, multiline: true));
        Assert.False(RequestText.Clean("a\rb", 1, 40, out _, out _, multiline: true));
    }

    [Fact]
    public void Clean_texts_stay_as_they_are() => Gen.String[0, 30].Sample(typed =>
    {
        if (!RequestText.Clean(typed, 0, 60, out var once, out _)) { return; }
        Assert.True(RequestText.Clean(once, 0, 60, out var twice, out _));
        Assert.Equal(once, twice);
    });

    private static int Check(string? header, long version, bool required)
    {
        var context = new DefaultHttpContext();
        if (header is not null) { context.Request.Headers.IfMatch = header; }
        return EntityTag.Check(context.Request, version, required) is IStatusCodeHttpResult refusal ? refusal.StatusCode!.Value : 200;
    }
}
