using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using FirstCome.Contracts.Claims;
using FirstCome.Contracts.Messages;

namespace FirstCome.Rehearsal.Api;

/// <summary>A synthetic member with a token for one campaign.</summary>
internal sealed record SyntheticMember(Guid MemberId, string AccessToken);

/// <summary>The answer to one claim.</summary>
/// <param name="Status">The HTTP status; 0 where no answer came.</param>
/// <param name="Problem">The slug of the problem's type, for a refusal.</param>
/// <param name="RetryAfter">When to ask again, as the answer said; null where it did not.</param>
/// <param name="SentAt">Timestamp (<see cref="Stopwatch"/>) of the sending.</param>
internal sealed record ClaimAnswer(int Status, Claim? Claim, string? Problem, TimeSpan? RetryAfter, long SentAt, TimeSpan Took)
{
    private static readonly TimeSpan s_retrySoon = TimeSpan.FromMilliseconds(200);

    /// <summary>Neither a claim nor a refusal that ends it: ask again.</summary>
    public bool AskAgain => Status is 0 or 429 or 502 or 503 or 504;

    /// <summary>Whether the answer said when to ask again.</summary>
    public bool SaidWhen => RetryAfter is not null;

    /// <summary>How long to wait before asking again.</summary>
    public TimeSpan Wait => RetryAfter ?? s_retrySoon;
}

/// <summary>A row of the operator's list.</summary>
internal sealed record LedgerClaim(long Sequence, Guid MemberId, string State, string CouponCode);

/// <summary>The system as its callers see it, at the gateway. Everything but the claims themselves is asked again for a while when the answer is 503 or none.</summary>
internal sealed class GatewayClient : IDisposable
{
    private static readonly TimeSpan s_korea = TimeSpan.FromHours(9);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    private readonly HttpClient _http;
    private readonly Func<CancellationToken, ValueTask<string>> _operatorToken;
    private string _ownToken = "";
    private DateTimeOffset _ownTokenUntil;

    /// <summary>Signs in as an operator, and again whenever the token ends.</summary>
    public GatewayClient(Uri url, string email, string password, int connections) : this(url, connections) => _operatorToken = cancellationToken => SignedInAsync(email, password, cancellationToken);

    /// <summary>With an operator's token that somebody else keeps good.</summary>
    /// <param name="operatorToken">Asked before every request that an operator makes.</param>
    public GatewayClient(Uri url, Func<CancellationToken, ValueTask<string>> operatorToken, int connections) : this(url, connections) => _operatorToken = operatorToken;

    private GatewayClient(Uri url, int connections)
    {
        _operatorToken = _ => throw new InvalidOperationException("Nobody has signed in.");
        var handler = new SocketsHttpHandler { MaxConnectionsPerServer = connections, UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(2), PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2) };
        _http = new HttpClient(handler) { BaseAddress = url, Timeout = TimeSpan.FromSeconds(20) };
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Makes a rehearsal campaign in state draft; answers its id.</summary>
    public async Task<Guid> CreateCampaignAsync(int quota, CancellationToken cancellationToken)
    {
        var now = DateTimeOffset.UtcNow;
        // In the time in which the console tells everything else.
        var name = now.ToOffset(s_korea).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " KST";
        var body = new
        {
            name = new { ko = $"리허설 {name}", en = $"Rehearsal {name}" },
            description = new { ko = "모의 군중으로 하는 리허설", en = "A rehearsal with a synthetic crowd" },
            quota,
            perMember = 1,
            opensAt = now.AddHours(1),
            closesAt = now.AddHours(2),
            timeZone = "Asia/Seoul",
            benefit = new { kind = "amount", amount = new { currency = "KRW", minor = 5000 } },
            validity = new { days = 1 },
            audience = Array.Empty<object>(),
            rehearsal = true,
            releaseCancelled = false,
        };
        using var response = await OperatorAsync(() => new HttpRequestMessage(HttpMethod.Post, "/api/campaigns") { Content = JsonContent.Create(body) }, cancellationToken);
        return (await response.Content.ReadFromJsonAsync<JsonObject>(cancellationToken))!["id"]!.GetValue<Guid>();
    }

    /// <summary>Tokens of synthetic members, told one by one as they come.</summary>
    public async Task<List<SyntheticMember>> CreateMembersAsync(Guid campaign, int count, Action<int> progress, CancellationToken cancellationToken)
    {
        var members = new List<SyntheticMember>(count);
        using var response = await OperatorAsync(() => new HttpRequestMessage(HttpMethod.Post, $"/api/rehearsals/{campaign}/members") { Content = JsonContent.Create(new { count }) }, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            members.Add(JsonSerializer.Deserialize<SyntheticMember>(line, JsonSerializerOptions.Web)!);
            if (members.Count % 500 == 0) { progress(members.Count); }
        }
        progress(members.Count);
        return members.Count == count ? members : throw new InvalidOperationException($"{count} members were asked for, {members.Count} came.");
    }

    /// <summary>Sets the window and schedules; answers the opening by this machine's clock, never early: late by as long as an answer takes at most.</summary>
    public async Task<DateTimeOffset> ScheduleAsync(Guid campaign, TimeSpan until, CancellationToken cancellationToken)
    {
        var time = (await GetJsonAsync("/api/time", cancellationToken))["now"]!.GetValue<DateTimeOffset>();
        // By now the server's clock shows this time or a later one: whoever asks too early is refused.
        var opensHere = DateTimeOffset.UtcNow + until;
        var opensAt = time + until;
        using (await OperatorAsync(() => new HttpRequestMessage(HttpMethod.Patch, $"/api/campaigns/{campaign}")
        {
            Content = JsonContent.Create(new { opensAt, closesAt = opensAt.AddHours(1) }),
            Headers = { IfMatch = { EntityTagHeaderValue.Any } },
        }, cancellationToken)) { }
        using var scheduled = await OperatorAsync(() => new HttpRequestMessage(HttpMethod.Post, $"/api/campaigns/{campaign}/schedule"), cancellationToken, HttpStatusCode.Conflict);
        // A first asking may have done it though its answer was lost or 503.
        if (scheduled.StatusCode == HttpStatusCode.Conflict && (await OperatorJsonAsync($"/api/campaigns/{campaign}", cancellationToken))["state"]!.GetValue<string>() is not ("scheduled" or "open"))
        {
            throw new InvalidOperationException($"The campaign could not be scheduled: {await scheduled.Content.ReadAsStringAsync(cancellationToken)}");
        }
        return opensHere;
    }

    /// <summary>One claim, once. Never throws for what the system or the network does.</summary>
    public async Task<ClaimAnswer> ClaimAsync(Guid campaign, SyntheticMember member, CancellationToken cancellationToken)
    {
        var sentAt = Stopwatch.GetTimestamp();
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/campaigns/{campaign}/claims");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", member.AccessToken);
            using var response = await _http.SendAsync(request, cancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            var took = Stopwatch.GetElapsedTime(sentAt);
            return response.IsSuccessStatusCode
                ? new ClaimAnswer((int)response.StatusCode, JsonSerializer.Deserialize(body, MessageJson.Default.Claim), null, null, sentAt, took)
                : new ClaimAnswer((int)response.StatusCode, null, Slug(body), response.Headers.RetryAfter?.Delta, sentAt, took);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new ClaimAnswer(0, null, null, null, sentAt, Stopwatch.GetElapsedTime(sentAt));
        }
    }

    /// <summary>What a member holds, as <c>claims/me</c> tells it; empty for <c>no-claim</c>.</summary>
    public async Task<IReadOnlyList<Claim>> MyClaimsAsync(Guid campaign, SyntheticMember member, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(() =>
        {
            var request = new HttpRequestMessage(HttpMethod.Get, $"/api/campaigns/{campaign}/claims/me");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", member.AccessToken);
            return ValueTask.FromResult(request);
        }, HttpStatusCode.NotFound, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound) { return []; }
        return (await response.Content.ReadFromJsonAsync(MessageJson.Default.ClaimList, cancellationToken))!.Items;
    }

    public async Task<JsonNode> CountsAsync(Guid campaign, CancellationToken cancellationToken) => await OperatorJsonAsync($"/api/campaigns/{campaign}/counts", cancellationToken);

    /// <summary>The numbers alone: it is asked often.</summary>
    public async Task<JsonNode> ReconciliationAsync(Guid campaign, CancellationToken cancellationToken) => await OperatorJsonAsync($"/api/operations/campaigns/{campaign}/reconciliation?numbersOnly=true", cancellationToken);

    /// <summary>The whole ledger of the campaign, as the operator's CSV gives it.</summary>
    public async Task<IReadOnlyList<LedgerClaim>> LedgerAsync(Guid campaign, CancellationToken cancellationToken)
    {
        using var response = await OperatorAsync(() => new HttpRequestMessage(HttpMethod.Get, $"/api/campaigns/{campaign}/claims") { Headers = { Accept = { new MediaTypeWithQualityHeaderValue("text/csv") } } }, cancellationToken);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancellationToken));
        var header = (await reader.ReadLineAsync(cancellationToken) ?? "").Split(',').ToList();
        int Column(string name) => header.IndexOf(name) is >= 0 and var column ? column : throw new InvalidOperationException($"The list of claims has no column {name}.");
        var (sequence, member, state, code) = (Column("sequence"), Column("memberId"), Column("state"), Column("couponCode"));
        var claims = new List<LedgerClaim>();
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            var fields = line.Split(',');
            claims.Add(new LedgerClaim(long.Parse(fields[sequence], CultureInfo.InvariantCulture), Guid.Parse(fields[member]), fields[state], fields[code]));
        }
        return claims;
    }

    /// <summary>The numbers that a rebuild made void.</summary>
    public async Task<IReadOnlyList<long>> GapsAsync(Guid campaign, CancellationToken cancellationToken)
    {
        var gaps = new List<long>();
        for (string? after = ""; after is not null;)
        {
            var page = await OperatorJsonAsync($"/api/campaigns/{campaign}/gaps?limit=200{(after.Length > 0 ? $"&after={after}" : "")}", cancellationToken);
            gaps.AddRange(page["items"]!.AsArray().Select(gap => gap!["sequence"]!.GetValue<long>()));
            after = page["next"]?.GetValue<string>();
        }
        return gaps;
    }

    private async Task<JsonNode> OperatorJsonAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await OperatorAsync(() => new HttpRequestMessage(HttpMethod.Get, path), cancellationToken);
        return (await response.Content.ReadFromJsonAsync<JsonNode>(cancellationToken))!;
    }

    private async Task<JsonNode> GetJsonAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(() => ValueTask.FromResult(new HttpRequestMessage(HttpMethod.Get, path)), null, cancellationToken);
        return (await response.Content.ReadFromJsonAsync<JsonNode>(cancellationToken))!;
    }

    private Task<HttpResponseMessage> OperatorAsync(Func<HttpRequestMessage> make, CancellationToken cancellationToken, HttpStatusCode? also = null) => SendAsync(async () =>
    {
        var request = make();
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await _operatorToken(cancellationToken));
        return request;
    }, also, cancellationToken);

    private async ValueTask<string> SignedInAsync(string email, string password, CancellationToken cancellationToken)
    {
        if (_ownTokenUntil > DateTimeOffset.UtcNow.AddMinutes(1)) { return _ownToken; }
        using var response = await SendAsync(
            () => ValueTask.FromResult(new HttpRequestMessage(HttpMethod.Post, "/api/auth/sign-in") { Content = JsonContent.Create(new { email, password }) }), null, cancellationToken);
        var tokens = (await response.Content.ReadFromJsonAsync<JsonNode>(cancellationToken))!;
        (_ownToken, _ownTokenUntil) = (tokens["accessToken"]!.GetValue<string>(), tokens["expiresAt"]!.GetValue<DateTimeOffset>());
        return _ownToken;
    }

    private async Task<HttpResponseMessage> SendAsync(Func<ValueTask<HttpRequestMessage>> make, HttpStatusCode? also, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            var delay = TimeSpan.FromMilliseconds(300);
            try
            {
                using var request = await make();
                var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if (response.IsSuccessStatusCode || response.StatusCode == also) { return response; }
                if (response.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests) || Stopwatch.GetElapsedTime(started) > s_patience)
                {
                    var body = await response.Content.ReadAsStringAsync(cancellationToken);
                    throw new InvalidOperationException($"{request.Method} {request.RequestUri?.AbsolutePath} was answered {(int)response.StatusCode}: {body[..Math.Min(500, body.Length)]}");
                }
                delay = response.Headers.RetryAfter?.Delta ?? delay;
                response.Dispose();
            }
            catch (HttpRequestException) when (Stopwatch.GetElapsedTime(started) < s_patience) { delay = TimeSpan.FromMilliseconds(200); }
            await Task.Delay(delay * (0.8 + (Random.Shared.NextDouble() * 0.4)), cancellationToken);
        }
    }

    private static string? Slug(byte[] body)
    {
        try { return JsonNode.Parse(body)?["type"]?.GetValue<string>().Split('/')[^1]; }
        catch (JsonException) { return null; }
    }
}
