using System.Diagnostics.Metrics;
using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace FirstCome.Gateway.Limits;

/// <summary>
/// Valid tokens count by member only, as carriers put thousands behind one address; addresses count only for requests without a valid token, and for failed sign-ins. The pages' own files have a
/// wider rate: they are many, cheap and kept by browsers, and a page that lacks one of them is empty. A request too many is 429 with <c>Retry-After</c>.
/// </summary>
internal sealed class RequestLimits : IDisposable
{
    private readonly Rates<Guid> _members;
    private readonly Rates<AddressKey> _addresses;
    private readonly Rates<AddressKey> _pages;
    private readonly Rates<AddressKey> _signInFailures;
    private readonly Counter<long> _refused;
    private readonly IDisposable? _changes;

    public RequestLimits(IOptionsMonitor<GatewayOptions> options, TimeProvider time, IMeterFactory meters)
    {
        var limits = options.CurrentValue;
        _members = new(time, limits.MemberRate, limits.MemberBurst, limits.RatesMax);
        _addresses = new(time, limits.AddressRate, limits.AddressBurst, limits.RatesMax);
        _pages = new(time, limits.PageRate, limits.PageBurst, limits.RatesMax);
        _signInFailures = new(time, limits.SignInFailureRate / 60, limits.SignInFailureBurst, limits.RatesMax);
        _changes = options.OnChange(Follow);
        var meter = meters.Create(GatewayMeasures.MeterName);
        _refused = meter.CreateCounter<long>("firstcome.gateway.limited", description: "Requests answered 429, by what was counted");
        meter.CreateObservableGauge("firstcome.gateway.rates", () => _members.Count + _addresses.Count + _pages.Count + _signInFailures.Count, description: "Members and addresses whose rate is remembered");
    }

    /// <summary>Null: the request may go on; otherwise it has been answered.</summary>
    public Task? Admit(HttpContext context, Caller? caller)
    {
        if (caller is not null) { return _members.TryTake(caller.MemberId, out var wait) ? null : RefuseAsync(context, wait, "member"); }
        var address = AddressKey.Of(context.Connection.RemoteIpAddress);
        var metadata = context.GetEndpoint()?.Metadata;
        if (metadata?.GetMetadata<CountsAsPage>() is not null) { return _pages.TryTake(address, out var rest) ? null : RefuseAsync(context, rest, "page"); }
        if (!_addresses.TryTake(address, out var pause)) { return RefuseAsync(context, pause, "address"); }
        return metadata?.GetMetadata<CountsSignInFailures>() is not null && _signInFailures.IsExhausted(address, out pause)
            ? RefuseAsync(context, pause, "sign-in") : null;
    }

    public void Dispose() => _changes?.Dispose();

    /// <summary>Counts a sign-in that was refused.</summary>
    public void SignInFailed(HttpContext context) => _signInFailures.TryTake(AddressKey.Of(context.Connection.RemoteIpAddress), out _);

    /// <summary>Rates and bursts follow the settings while the gateway runs; how many are remembered does not.</summary>
    private void Follow(GatewayOptions limits)
    {
        _members.Change(limits.MemberRate, limits.MemberBurst);
        _addresses.Change(limits.AddressRate, limits.AddressBurst);
        _pages.Change(limits.PageRate, limits.PageBurst);
        _signInFailures.Change(limits.SignInFailureRate / 60, limits.SignInFailureBurst);
    }

    private Task RefuseAsync(HttpContext context, TimeSpan wait, string counted)
    {
        _refused.Add(1, new KeyValuePair<string, object?>("counted", counted));
        return Problems.WriteAsync(context, ProblemTypes.TooManyRequests, retryAfter: wait);
    }
}

/// <summary>Marks the endpoint whose 401 answers are failed sign-ins.</summary>
internal sealed record CountsSignInFailures;

/// <summary>Marks the endpoint of a page, of one of its files or of its clock, which an address may ask for more often.</summary>
internal sealed record CountsAsPage;
