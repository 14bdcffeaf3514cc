using System.Data.Common;
using System.Text.Json;
using Dapper;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Members;

namespace FirstCome.UserService.Administration;

/// <summary>What staff did. Names no e-mail address and no secret.</summary>
/// <param name="By">The account that did it.</param>
/// <param name="Action">Such as <c>roles</c>, <c>lock</c>, <c>keys-rotate</c>.</param>
internal sealed record AuditEntry(DateTimeOffset At, Guid By, string Action, Guid? MemberId = null, Guid? CampaignId = null, object? Before = null,
    object? After = null);

/// <summary>The table <c>administrative_change</c>, written in the transaction of what it tells.</summary>
internal static class AuditTrail
{
    public static Task AddAsync(DbConnection connection, DbTransaction transaction, AuditEntry entry, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
        """
        INSERT INTO administrative_change (changed_at, changed_by, action, member_id, campaign_id, before_document, after_document)
        VALUES (@at, @by, @action, @member, @campaign, @before, @after)
        """,
        new
        {
            at = entry.At.ToUnixTimeMilliseconds(),
            by = MemberTable.Key(entry.By),
            action = entry.Action,
            member = entry.MemberId is { } member ? MemberTable.Key(member) : null,
            campaign = entry.CampaignId is { } campaign ? MemberTable.Key(campaign) : null,
            before = Document(entry.Before),
            after = Document(entry.After),
        }, transaction, cancellationToken: cancellationToken));

    private static string? Document(object? value) => value is null ? null : JsonSerializer.Serialize(value, value.GetType(), ApiJson.Options);
}
