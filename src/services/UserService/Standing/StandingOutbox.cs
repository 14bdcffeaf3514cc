using System.Data.Common;
using System.Text.Json;
using System.Threading.Channels;
using Dapper;
using FirstCome.Contracts.Messages;
using FirstCome.UserService.Members;

namespace FirstCome.UserService.Standing;

/// <summary>
/// Changes of a member's standing on their way to every service (topic <c>member.changed</c>): a row in the transaction of the change, published after its
/// commit and until the log has acknowledged it. At least once, whole standings: a receiver keeps the newest.
/// </summary>
internal sealed class StandingOutbox
{
    private readonly Channel<bool> _committed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Something was committed; the publisher need not wait for its sweep.</summary>
    public ChannelReader<bool> Committed => _committed.Reader;

    /// <summary>Tells the publisher. To be called after the commit.</summary>
    public void Announce() => _committed.Writer.TryWrite(true);

    /// <summary>Adds the member's standing to the transaction; the member is to be saved with the <see cref="Member.StandingAt"/> that is returned.</summary>
    public static async Task<Member> AddAsync(DbConnection connection, DbTransaction transaction, Member member, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        // Receivers go by this instant: it grows with each change, also when two happen in one millisecond or this machine's clock is behind another's.
        var at = DateTimeOffset.FromUnixTimeMilliseconds(Math.Max(now.ToUnixTimeMilliseconds(), member.StandingAt.ToUnixTimeMilliseconds() + 1));
        var message = new MemberChanged(member.Id, !member.Active, member.TokensValidFrom, member.Attributes, at);
        await connection.ExecuteAsync(new CommandDefinition(
            "INSERT INTO standing_outbox (member_id, message, created_at) VALUES (@id, @json, @createdAt)",
            new
            {
                id = MemberTable.Key(member.Id),
                json = JsonSerializer.Serialize(message, MessageJson.Default.MemberChanged),
                createdAt = at.ToUnixTimeMilliseconds(),
            },
            transaction, cancellationToken: cancellationToken));
        return member with { StandingAt = at };
    }
}
