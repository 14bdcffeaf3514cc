using System.Globalization;
using FirstCome.DiscoveryServer.Leases;
using FirstCome.DiscoveryServer.Peers;
using FirstCome.Eureka.Wire;
using Microsoft.Extensions.Options;

namespace FirstCome.DiscoveryServer.Pages;

/// <summary><c>GET /</c>: the registry for people, in Korean and English, without scripts.</summary>
internal sealed class InstancesPage(LeaseRegistry registry, PeerReplication replication, IOptions<DiscoveryOptions> options, TimeProvider time)
{
    private const int MostRows = 1000;
    private const int MostChanges = 50;

    public Task Handle(HttpContext context)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy =
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(Render(), context.RequestAborted);
    }

    private string Render()
    {
        var now = time.GetUtcNow();
        var preservation = registry.Preservation(now.ToUnixTimeMilliseconds());
        var instances = registry.Where(_ => true);
        return $$"""
            <!doctype html>
            <html lang="ko"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
            <title>서비스 등록소 · Service registry</title><style>
            {{PageStyle.Css}}
            </style></head><body>
            <h1>서비스 등록소 <span lang="en">Service registry</span></h1>
            {{Notice(preservation)}}
            <dl class="facts">
            {{Fact("인스턴스", "instances", Number(instances.Length))}}
            {{Fact("지난 1분 하트비트", "heartbeats in a minute", Number(preservation.ReceivedLastMinute))}}
            {{Fact("예상 하트비트", "expected", Number(preservation.ExpectedPerMinute))}}
            {{Fact("자기 보호", "self-preservation", Preserving(preservation))}}
            </dl>
            {{Instances(instances, now)}}
            {{More(instances.Length)}}
            {{Changes(now)}}
            {{Peers(now)}}
            </body></html>
            """;
    }

    private static PageTable Instances(InstanceInfo[] instances, DateTimeOffset now)
    {
        var table = new PageTable(
            "인스턴스", "Instances", ("서비스", "Service"), ("인스턴스", "Instance"), ("주소", "Address"), ("상태", "Status"), ("마지막 하트비트", "Last heartbeat"));
        var ordered = instances.OrderBy(instance => instance.App, StringComparer.Ordinal).ThenBy(RegistrationLimits.IdOf, StringComparer.Ordinal);
        foreach (var instance in ordered.Take(MostRows))
        {
            var secure = !instance.Port.Enabled && instance.SecurePort.Enabled;
            var address = $"{(secure ? "https" : "http")}://{instance.HostName}:{(secure ? instance.SecurePort.Number : instance.Port.Number)}";
            var overridden = instance.OverriddenStatus == InstanceStatus.Unknown ? "" : " (지정됨 · overridden)";
            var status = WireNames.Of(instance.Status);
            table.Add(
                (instance.App!, null), (RegistrationLimits.IdOf(instance), null), (address, null), (status + overridden, status),
                ($"{Ago(now, instance.Lease!.LastRenewalTimestamp)} / {instance.Lease.DurationInSeconds} s", null));
        }

        return table;
    }

    private PageTable Changes(DateTimeOffset now)
    {
        var table = new PageTable("최근 변경", "Recent changes", ("언제", "When"), ("무엇", "What"), ("서비스", "Service"), ("인스턴스", "Instance"), ("상태", "Status"));
        foreach (var change in registry.Snapshot().Changes.Reverse().Take(MostChanges))
        {
            var action = change.Action switch
            {
                InstanceAction.Added => "등록 · registered",
                InstanceAction.Modified => "변경 · changed",
                _ => "제거 · removed",
            };
            // What has gone has no status any more.
            var status = change.Action == InstanceAction.Deleted ? "–" : WireNames.Of(change.Status);
            table.Add(
                (Ago(now, change.LastUpdatedTimestamp ?? 0), null), (action, null), (change.App!, null), (RegistrationLimits.IdOf(change), null),
                (status, status));
        }

        return table;
    }

    private PageTable Peers(DateTimeOffset now)
    {
        var table = new PageTable("다른 서버", "Peers", ("주소", "Address"), ("상태", "State"), ("대기", "To be told"), ("마지막 응답", "Last answer"));
        foreach (var peer in replication.Peers)
        {
            table.Add(
                (peer.Url.ToString(), null), peer.Error is null ? ("정상 · well", "UP") : ($"응답 없음 · away: {peer.Error}", "DOWN"), (Number(peer.Pending), null),
                (peer.AnsweredAt is { } at ? Ago(now, at.ToUnixTimeMilliseconds()) : "–", null));
        }

        return table;
    }

    private string Preserving(Preservation preservation)
    {
        if (!options.Value.SelfPreservation) return "꺼짐 · off";
        return preservation.KeepsExpired ? "작동 중 · at work" : preservation.IsPreserving ? "대기 중 · ready" : "켜짐 · on";
    }

    private static string Notice(Preservation preservation) => preservation.KeepsExpired
        ? $"""
            <p class="notice" role="status">하트비트가 예상보다 적어 만료된 인스턴스 {preservation.Expired}개를 내보내지 않습니다(자기 보호).
            <span lang="en">Fewer heartbeats arrive than expected: {preservation.Expired} expired instances are kept (self-preservation).</span></p>
            """
        : "";

    private static string Fact(string korean, string english, string value) =>
        $"""<div><dt>{korean} <span lang="en">{english}</span></dt><dd>{PageTable.Text(value)}</dd></div>""";

    private static string More(int count) => count > MostRows
        ? $"""<p>처음 {MostRows}개만 표시합니다. <span lang="en">Only the first {MostRows} are shown.</span></p>"""
        : "";

    private static string Ago(DateTimeOffset now, long milliseconds) => $"{Number(Math.Max(0, (now.ToUnixTimeMilliseconds() - milliseconds) / 1000.0))} s";

    private static string Number(double number) => number.ToString("0", CultureInfo.InvariantCulture);
}
