using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using FirstCome.DiscoveryServer.Leases;
using FirstCome.Eureka.Wire;

namespace FirstCome.DiscoveryServer.Pages;

/// <summary><c>GET /</c>: the registry for people, in Korean and English, without scripts.</summary>
internal sealed class InstancesPage(LeaseRegistry registry, TimeProvider time)
{
    private const int MostRows = 1000;

    private const string Style = """
        body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem;color:#1a1a1a;background:#fff}
        table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid #ccc}
        .UP{color:#05620f}.DOWN,.OUT_OF_SERVICE,.UNKNOWN{color:#a40000}.notice{padding:.6rem;background:#fff3cd;border-left:4px solid #946200}
        @media(prefers-color-scheme:dark){body{color:#eee;background:#161616}.UP{color:#7ddb87}.DOWN,.OUT_OF_SERVICE,.UNKNOWN{color:#ff9d9d}
        .notice{background:#3a3000}td,th{border-color:#444}}
        """;

    private static readonly HtmlEncoder Html = HtmlEncoder.Create(UnicodeRanges.All);

    public Task Handle(HttpContext context)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        context.Response.Headers.ContentSecurityPolicy =
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(Render(), context.RequestAborted);
    }

    private string Render()
    {
        var now = time.GetUtcNow();
        var preservation = registry.Preservation(now.ToUnixTimeMilliseconds());
        var instances = registry.Where(_ => true);
        var rows = new StringBuilder();
        foreach (var instance in instances.OrderBy(instance => instance.App, StringComparer.Ordinal).ThenBy(RegistrationLimits.IdOf).Take(MostRows))
            rows.Append(Row(instance, now));

        return $$"""
            <!doctype html>
            <html lang="ko"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>서비스 등록소 · Service registry</title>
            <style>
            {{Style}}
            </style></head><body>
            <h1>서비스 등록소 <span lang="en">· Service registry</span></h1>
            {{Notice(preservation)}}
            <p>인스턴스 {{instances.Length}}개. 지난 1분 하트비트 {{preservation.ReceivedLastMinute}}회, 예상 {{Number(preservation.ExpectedPerMinute)}}회.
            <span lang="en">{{instances.Length}} instances; {{preservation.ReceivedLastMinute}} heartbeats in the last minute
            of {{Number(preservation.ExpectedPerMinute)}} expected.</span></p>
            <table><thead><tr><th scope="col">서비스 <span lang="en">Service</span><th scope="col">인스턴스 <span lang="en">Instance</span>
            <th scope="col">주소 <span lang="en">Address</span><th scope="col">상태 <span lang="en">Status</span>
            <th scope="col">마지막 하트비트 <span lang="en">Last heartbeat</span></tr></thead><tbody>
            {{rows}}</tbody></table>
            {{More(instances.Length)}}
            </body></html>
            """;
    }

    private static string Notice(Preservation preservation) => preservation.KeepsExpired
        ? $"""
            <p class="notice">하트비트가 예상보다 적어 만료된 인스턴스 {preservation.Expired}개를 내보내지 않습니다(자기 보호).
            <span lang="en">Fewer heartbeats arrive than expected: {preservation.Expired} expired instances are kept (self-preservation).</span></p>
            """
        : "";

    private static string More(int count) => count > MostRows
        ? $"""<p>처음 {MostRows}개만 표시합니다. <span lang="en">Only the first {MostRows} are shown.</span></p>"""
        : "";

    private static string Row(InstanceInfo instance, DateTimeOffset now)
    {
        var secure = !instance.Port.Enabled && instance.SecurePort.Enabled;
        var address = $"{(secure ? "https" : "http")}://{instance.HostName}:{(secure ? instance.SecurePort.Number : instance.Port.Number)}";
        var age = now - DateTimeOffset.FromUnixTimeMilliseconds(instance.Lease!.LastRenewalTimestamp);
        var status = WireNames.Of(instance.Status);
        var overridden = instance.OverriddenStatus == InstanceStatus.Unknown ? "" : " (지정 · overridden)";
        return $"""
            <tr><td>{Html.Encode(instance.App!)}<td>{Html.Encode(RegistrationLimits.IdOf(instance))}<td>{Html.Encode(address)}
            <td class="{status}">{status}{overridden}<td>{Number(age.TotalSeconds)} s</tr>

            """;
    }

    private static string Number(double number) => number.ToString("0", CultureInfo.InvariantCulture);
}
