using System.Net;
using FirstCome.AllInOne.Hosting;

namespace FirstCome.AllInOne.Start;

/// <summary>Waits until the gateway says that the whole works.</summary>
internal static class Readiness
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_answerMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);

    public static async Task WaitAsync(IReadOnlyList<ServiceAddress> addresses, CancellationToken cancellationToken)
    {
        var gateway = addresses.Single(address => address.Service == ServiceCatalog.Gateway.Name).Url;
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = s_answerMax };
        var started = TimeProvider.System.GetTimestamp();
        var told = false;
        while (true)
        {
            using var answer = await client.GetAsync(new Uri(gateway, "health"), cancellationToken);
            if (answer.StatusCode == HttpStatusCode.OK) { return; }
            if (!told && TimeProvider.System.GetElapsedTime(started) > s_patience)
            {
                told = true;
                await Console.Error.WriteLineAsync($"Not ready yet: {await answer.Content.ReadAsStringAsync(cancellationToken)}");
            }
            await Task.Delay(s_interval, cancellationToken);
        }
    }
}
