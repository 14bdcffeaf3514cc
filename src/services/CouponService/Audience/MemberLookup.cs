using FirstCome.Contracts.Internal;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Audience;

/// <summary>Asks UserService who of a list are members: <c>POST /internal/users/resolve</c>.</summary>
internal sealed class MemberLookup(IHttpClientFactory clients, TimeProvider time)
{
    public const string Service = "user-service", Client = "audience-members";
    private const int AttemptsMax = 3;
    private static readonly TimeSpan s_retryDelay = TimeSpan.FromMilliseconds(200);

    /// <summary>The member of each line, in order; null for who is none. At most <see cref="InternalApi.ResolveMembersMax"/> lines.</summary>
    /// <exception cref="UnavailableException">UserService does not answer.</exception>
    public async Task<IReadOnlyList<Guid?>> ResolveAsync(IReadOnlyList<MemberLine> lines, CancellationToken cancellationToken)
    {
        var emails = lines.Where(line => line.Email is not null).Select(line => line.Email!).ToList();
        var ids = lines.Where(line => line.Id is not null).Select(line => line.Id!.Value).ToList();
        if (emails.Count + ids.Count == 0) { return new Guid?[lines.Count]; }
        var resolved = await AskAsync(new ResolveMembers(emails, ids), cancellationToken);
        if (resolved.Emails.Count != emails.Count || resolved.Ids.Count != ids.Count) { throw new UnavailableException("UserService answered for other members than it was asked for."); }
        var (email, id) = (0, 0);
        var members = new Guid?[lines.Count];
        for (var i = 0; i < members.Length; i++)
        {
            if (lines[i].Email is not null) { members[i] = resolved.Emails[email++]; }
            if (lines[i].Id is { } given) { members[i] = resolved.Ids[id++] ? given : null; }
        }
        return members;
    }

    private async Task<ResolvedMembers> AskAsync(ResolveMembers question, CancellationToken cancellationToken)
    {
        using var client = clients.CreateClient(Client);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var response = await client.PostAsJsonAsync("internal/users/resolve", question, ApiJson.Options, cancellationToken);
                response.EnsureSuccessStatusCode();
                return await response.Content.ReadFromJsonAsync<ResolvedMembers>(ApiJson.Options, cancellationToken) ?? throw new HttpRequestException("The answer is null.");
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
            {
                if (attempt == AttemptsMax) { throw new UnavailableException($"UserService did not say who is a member: {exception.Message}", exception); }
            }
            await Task.Delay(s_retryDelay * attempt, time, cancellationToken);
        }
    }
}
