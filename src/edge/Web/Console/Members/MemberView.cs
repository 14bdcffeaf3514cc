using System.Text.Json;

namespace FirstCome.Web.Console.Members;

internal sealed record MemberView(
    Guid Id, string Email, string DisplayName, IReadOnlyList<string> Roles, string Grade, IReadOnlyList<string> Tags, DateTimeOffset MemberSince, bool Locked, int? BirthMonth = null);

internal sealed record AuditView(DateTimeOffset At, Guid By, string Action, Guid? MemberId, Guid? CampaignId, JsonElement? Before, JsonElement? After);

internal sealed record KeysView(string Signing, string? Next, DateTimeOffset? NextSignsFrom, IReadOnlyList<string> Published);

internal sealed record ResetCodeView(string Code, DateTimeOffset ExpiresAt);
