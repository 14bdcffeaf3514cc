using System.Collections.Immutable;
using CsCheck;
using FirstCome.DiscoveryServer;
using FirstCome.DiscoveryServer.Leases;
using FirstCome.DiscoveryServer.Lookup;
using FirstCome.Eureka;
using FirstCome.Eureka.Wire;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;
using static FirstCome.RulesTests.DiscoveryServer.Instances;

namespace FirstCome.RulesTests.DiscoveryServer;

/// <summary>Whatever happens to the registry: who applies its deltas holds what who fetches everything holds, and the hash says so.</summary>
public sealed class DeltaProperties
{
    private static readonly Gen<InstanceStatus> Status = Gen.Enum<InstanceStatus>();

    private static readonly Gen<(string, string)> Key = Gen.Select(Gen.OneOf("A", "B", "C"), Gen.OneOf("1", "2", "3"));

    private static readonly Gen<Step> Steps = Gen.Frequency(
        (4, Gen.Select(Key, Status, Status, Gen.Long[1, 20], Gen.Bool, (key, status, overridden, dirty, replicated) => new Step(
            $"register {key} {status} {overridden} {dirty} {replicated}",
            (registry, now) => registry.Register(Instance(key.Item1, key.Item2, status, dirty) with { OverriddenStatus = overridden }, now, replicated)))),
        (4, Gen.Select(Key, Gen.Long[1, 20], Gen.Bool, (key, dirty, replicated) => new Step(
            $"renew {key} {dirty} {replicated}", (registry, now) => registry.Renew(key, dirty, now, replicated)))),
        (2, Gen.Select(Key, key => new Step($"cancel {key}", (registry, now) => registry.Cancel(key, now)))),
        (2, Gen.Select(Key, Status, Gen.Long[1, 20], (key, status, dirty) => new Step(
            $"override {key} {status} {dirty}", (registry, now) => registry.OverrideStatus(key, status, dirty, now)))),
        (2, Gen.Select(Key, Status, (key, status) => new Step(
            $"remove override {key} {status}", (registry, now) => registry.RemoveOverride(key, status, null, now)))),
        (1, Gen.Select(Key, Gen.Int[0, 9], (key, value) => new Step(
            $"metadata {key} {value}", (registry, now) => registry.ChangeMetadata(key, [new("k", $"{value}")], now)))),
        (2, Gen.Int[0, 5].Select(late => new Step(
            $"evict {late}", (registry, now) => registry.Evict(now, TimeSpan.FromSeconds(late), new Random(late))))),
        (2, Gen.Const(new Step("purge", (registry, now) => registry.PurgeChanges(now)))),
        (3, Gen.Int[1, 40].Select(seconds => new Step($"wait {seconds}", null, Wait: seconds * 1000L))),
        (1, Gen.Int[3000, 4000].Select(seconds => new Step($"wait long {seconds}", null, Wait: seconds * 1000L))),
        (6, Gen.Const(new Step("fetch", null, IsFetch: true))));

    [Fact]
    public void A_client_that_applies_deltas_holds_what_a_full_fetch_gives() =>
        Gen.Select(Steps.Array[1, 60], Gen.Bool).Sample(
            (steps, selfPreservation) => Run(steps, new DiscoveryOptions { SelfPreservation = selfPreservation }), iter: 3000,
            print: run => string.Join("; ", run.Item1.Select(step => step.Name)));

    private static void Run(Step[] steps, DiscoveryOptions options)
    {
        var registry = new LeaseRegistry(options);
        var rendered = new RenderedRegistry(registry);
        using var client = new EurekaRegistry(
            Options.Create(new EurekaClientOptions { ServerUrls = { "http://127.0.0.1:1" } }), TimeProvider.System, NullLogger<EurekaRegistry>.Instance);
        var now = 1_700_000_000_000;
        long? fetchedAt = null;

        foreach (var step in steps.Append(new Step("fetch", null, IsFetch: true)))
        {
            now += step.Wait + 1;
            step.Act?.Invoke(registry, now);
            if (!step.IsFetch) continue;

            var full = EurekaJsonReader.Applications(rendered.Full(default, gzip: false));
            // Clients fetch in full where their last answer is older than deltas reach.
            if (fetchedAt is null || now - fetchedAt > 120_000) client.Replace(full);
            else Assert.True(client.Apply(EurekaJsonReader.Applications(rendered.Delta(default, gzip: false))), "the hash disagrees after a delta");
            fetchedAt = now;

            Assert.Equal(Shown(full.Instances), Shown(client.Known()));
            Assert.Equal(full.HashCode, RegistryHashCode.Of(full.Instances));
            // What was rendered for this version is what would be rendered now.
            Assert.Equal(new RenderedRegistry(registry).Full(default, gzip: false), rendered.Full(default, gzip: false));
            Assert.Equal(new RenderedRegistry(registry).Delta(default, gzip: false), rendered.Delta(default, gzip: false));
        }
    }

    private static string Shown(IEnumerable<InstanceInfo> instances) => string.Join('\n', instances
        .OrderBy(instance => (instance.App, instance.InstanceId))
        .Select(instance => instance with { Metadata = ImmutableSortedDictionary<string, string>.Empty, Action = null } + string.Join(',', instance.Metadata)));

    private sealed record Step(string Name, Action<LeaseRegistry, long>? Act, long Wait = 0, bool IsFetch = false);
}
