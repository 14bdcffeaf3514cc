using System.Text.Json;
using FirstCome.Web.Console.Parts;
using FirstCome.Web.Console.Shell;

namespace FirstCome.Web.Console.Members;

internal sealed record MemberView(
    Guid Id, string Email, string DisplayName, IReadOnlyList<string> Roles, string Grade, IReadOnlyList<string> Tags, DateTimeOffset MemberSince, bool Locked, int? BirthMonth = null);

/// <summary>A line of the audit trail.</summary>
/// <param name="ByName">Null once the account is erased, as <paramref name="MemberName"/> is.</param>
internal sealed record AuditView(
    DateTimeOffset At, Guid By, string? ByName, string Action, Guid? MemberId, string? MemberName, Guid? CampaignId, JsonElement? Before, JsonElement? After)
{
    /// <summary>The fields that stand otherwise since, each with what stood and what stands, in words.</summary>
    public IEnumerable<(string Field, string Before, string After)> Changes(ConsoleTexts texts) =>
        from field in Fields(Before).Union(Fields(After))
        let values = (Before: ValueOf(Before, field, texts), After: ValueOf(After, field, texts))
        where values.Before != values.After
        select (field, values.Before, values.After);

    private static IEnumerable<string> Fields(JsonElement? document) => document is { ValueKind: JsonValueKind.Object } known ? known.EnumerateObject().Select(field => field.Name) : [];

    private static string ValueOf(JsonElement? document, string field, ConsoleTexts texts) =>
        ChangedValue.Of(document, field, texts, value => field == "roles" && value.ValueKind == JsonValueKind.String ? texts.Known("members.role.", value.GetString()!) : null);
}

internal sealed record KeysView(string Signing, string? Next, DateTimeOffset? NextSignsFrom, IReadOnlyList<string> Published);

internal sealed record ResetCodeView(string Code, DateTimeOffset ExpiresAt);
