using System.Net;
using System.Text.Json;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Problems;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Campaigns.Changes;

/// <summary>What came of an order to the gate.</summary>
internal abstract record GateAnswer
{
    private GateAnswer() { }

    /// <summary>Ledger and gate have this version, or a later one: it binds every claim from now on.</summary>
    internal sealed record Taken : GateAnswer;

    /// <summary>The gate has given out more than the new quota; it stays with what it had.</summary>
    internal sealed record QuotaBelowIssued(string Detail) : GateAnswer;

    /// <summary>Nobody knows: no answer, or one that says to ask again.</summary>
    internal sealed record Unknown(string Reason) : GateAnswer;
}

/// <summary>Tells IssueService about a campaign: <c>PUT /internal/campaigns/{id}/gate</c>.</summary>
internal sealed class IssueGate(IHttpClientFactory clients)
{
    public const string Service = "issue-service", Client = "campaign-gate";
    private const int ProblemBytesMax = 64 * 1024;

    public async Task<GateAnswer> OrderAsync(Campaign campaign, CancellationToken cancellationToken)
    {
        try
        {
            using var client = clients.CreateClient(Client);
            client.MaxResponseContentBufferSize = ProblemBytesMax;
            using var response = await client.PutAsJsonAsync($"internal/campaigns/{campaign.Id}/gate", new GateOrder(campaign), ApiJson.Options, cancellationToken);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => new GateAnswer.Taken(),
                HttpStatusCode.Conflict when await ReadQuotaRefusalAsync(response, cancellationToken) is { } detail => new GateAnswer.QuotaBelowIssued(detail),
                var status => new GateAnswer.Unknown($"issue-service answered {(int)status}"),
            };
        }
        // Whatever went wrong on the way, the gate may have taken the order: that is the answer here, and the change stays until a later order is answered.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            return new GateAnswer.Unknown($"{exception.GetType().Name}: {exception.Message}");
        }
    }

    private static async Task<string?> ReadQuotaRefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var problem = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
        var root = problem.RootElement;
        return root.TryGetProperty("type", out var type) && type.GetString() == ProblemTypes.QuotaBelowIssued.Uri
            ? (root.TryGetProperty("detail", out var detail) ? detail.GetString() : null) ?? ProblemTypes.QuotaBelowIssued.MeaningEn
            : null;
    }
}
