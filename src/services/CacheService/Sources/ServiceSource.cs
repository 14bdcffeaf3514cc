using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using FirstCome.Contracts.Internal;
using Microsoft.Extensions.Options;

namespace FirstCome.CacheService.Sources;

/// <summary>What came of asking another service.</summary>
internal enum SourceOutcome
{
    Found,
    NotFound,
    /// <summary>It says that the question is wrong.</summary>
    Refused,
    /// <summary>No answer, or none that helps: it is away, too slow, or cannot know at the moment.</summary>
    Away,
}

/// <param name="Value">Set where <paramref name="Outcome"/> is <see cref="SourceOutcome.Found"/>.</param>
internal readonly record struct SourceAnswer<T>(SourceOutcome Outcome, T? Value = null) where T : class;

/// <summary>Asks one other service, a bounded number of questions at a time. Its absence is an outcome, not an exception.</summary>
internal abstract class ServiceSource(string service, IHttpClientFactory clients, IOptions<CacheOptions> options, SourceHealth health, ILogger logger) : IDisposable
{
    // Long enough for a burst to pass, short enough for its callers to come back instead.
    private static readonly TimeSpan s_turnWait = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turns = new(options.Value.CallsMax);

    protected async Task<SourceAnswer<T>> GetAsync<T>(string path, JsonTypeInfo<T> type, CancellationToken cancellationToken) where T : class
    {
        if (!await _turns.WaitAsync(s_turnWait, cancellationToken)) { return new(SourceOutcome.Away); }
        try
        {
            using var client = clients.CreateClient(service);
            using var response = await client.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
            var outcome = response.StatusCode switch
            {
                HttpStatusCode.OK => SourceOutcome.Found,
                HttpStatusCode.NotFound => SourceOutcome.NotFound,
                HttpStatusCode.BadRequest => SourceOutcome.Refused,
                _ => SourceOutcome.Away,
            };
            var value = outcome == SourceOutcome.Found ? JsonSerializer.Deserialize(await response.Content.ReadAsByteArrayAsync(cancellationToken), type) : null;
            if (outcome == SourceOutcome.Found && value is null) { throw new JsonException("The answer is null."); }
            Tell(outcome == SourceOutcome.Away, $"status {(int)response.StatusCode}");
            return new(outcome, value);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or JsonException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            Tell(away: true, failure.Message);
            return new(SourceOutcome.Away);
        }
        finally
        {
            _turns.Release();
        }
    }

    public void Dispose() => _turns.Dispose();

    private void Tell(bool away, string reason)
    {
        if (!health.Tell(away)) { return; }
        if (away) { CacheLog.SourceIsAway(logger, service, reason); } else { CacheLog.SourceIsBack(logger, service); }
    }
}

/// <summary>Answers between services that are no messages too; tolerant of members that a newer peer adds.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(CampaignPage))]
[JsonSerializable(typeof(GateCounts))]
internal sealed partial class SourceJson : JsonSerializerContext;
