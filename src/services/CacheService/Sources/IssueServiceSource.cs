using System.Globalization;
using FirstCome.Contracts.Claims;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Messages;
using Microsoft.Extensions.Options;

namespace FirstCome.CacheService.Sources;

/// <summary>The owner of claims and their numbers.</summary>
internal sealed class IssueServiceSource(IHttpClientFactory clients, IOptions<CacheOptions> options, IssueServiceHealth health, ILogger<IssueServiceSource> logger)
    : ServiceSource(Service, clients, options, health, logger)
{
    public const string Service = "issue-service";

    public Task<SourceAnswer<GateCounts>> CountsAsync(Guid campaign, CancellationToken cancellationToken) =>
        GetAsync(string.Create(CultureInfo.InvariantCulture, $"internal/campaigns/{campaign}/counts"), SourceJson.Default.GateCounts, cancellationToken);

    public Task<SourceAnswer<ClaimList>> ClaimsAsync(Guid campaign, Guid member, CancellationToken cancellationToken) =>
        GetAsync(string.Create(CultureInfo.InvariantCulture, $"internal/campaigns/{campaign}/claims/{member}"), MessageJson.Default.ClaimList, cancellationToken);
}
