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
            var state = await StateAsync(client, gateway, cancellationToken);
            if (state is null) { return; }
            if (!told && TimeProvider.System.GetElapsedTime(started) > s_patience)
            {
                told = true;
                await Console.Error.WriteLineAsync($"Not ready yet: {state}");
            }
            await Task.Delay(s_interval, cancellationToken);
        }
    }

    /// <summary>Null when the whole works; else what the gateway says, or that it does not answer.</summary>
    private static async Task<string?> StateAsync(HttpClient client, Uri gateway, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri(gateway, "health"), cancellationToken);
            return answer.StatusCode == HttpStatusCode.OK ? null : await answer.Content.ReadAsStringAsync(cancellationToken);
        }
        // A gateway in a process of its own may still be starting.
        catch (HttpRequestException exception) { return exception.Message; }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested) { return $"the gateway does not answer within {s_answerMax.TotalSeconds:0} s"; }
    }
}
