using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json;
using FirstCome.Rehearsal.Api;
using FirstCome.Rehearsal.Standalone;

namespace FirstCome.Bench;

/// <summary>Event streams: 2,000 members listen to one campaign of the all-in-one; memory for each, and how late each hears that the quota was raised.</summary>
internal static class StreamsBench
{
    private const int Listeners = 2_000, Changes = 5;
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);
    private static int s_askedAgain;

    public static async Task<int> RunAsync()
    {
        Figure.PrintMachine();
        await using var system = new StandaloneSystem();
        // All of them come from one address here.
        system.Settings["Gateway__AddressBurst"] = "100000";
        system.Settings["Gateway__ConnectionsMax"] = "10000";
        await system.StartAsync(CancellationToken.None);
        var (email, password) = StandaloneSystem.DemoAccount(system.Data, "operator") ?? throw new InvalidOperationException("The system made no demo accounts.");
        using var gateway = new GatewayClient(system.Url, email, password, 8);
        var campaign = await gateway.CreateCampaignAsync(1_000, CancellationToken.None);
        var members = await gateway.CreateMembersAsync(campaign, Listeners, _ => { }, CancellationToken.None);
        await gateway.ScheduleAsync(campaign, TimeSpan.FromHours(1), CancellationToken.None);

        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Listeners + 8, UseProxy = false }) { BaseAddress = system.Url, Timeout = Timeout.InfiniteTimeSpan };
        using var signIn = await http.PostAsJsonAsync("/api/auth/sign-in", new { email, password });
        var token = (await signIn.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("accessToken").GetString()!;
        var before = system.ResidentBytes();
        using var end = new CancellationTokenSource();
        var streams = members.ConvertAll(member => new Listener(http, campaign, member.AccessToken));
        var listening = streams.ConvertAll(stream => stream.RunAsync(end.Token));
        await UntilAllAsync(streams, "scheduled");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Listeners} streams: {(system.ResidentBytes() - before) / Listeners / 1024.0:0.0} KiB each, gateway and CacheService in one process; {s_askedAgain} times 503 while they opened"));

        var late = new List<double>();
        for (var change = 0; change < Changes; change++)
        {
            // A quota's raise is told as the state is; each stream hears of it after the API has answered, or just before.
            var quota = 2_000 + change;
            foreach (var stream in streams) { stream.Await(quota); }
            using var patch = new HttpRequestMessage(HttpMethod.Patch, $"/api/campaigns/{campaign}") { Content = JsonContent.Create(new { quota }), Headers = { Authorization = new("Bearer", token), IfMatch = { EntityTagHeaderValue.Any } } };
            using var answer = await http.SendAsync(patch);
            answer.EnsureSuccessStatusCode();
            var answered = Stopwatch.GetTimestamp();
            foreach (var stream in streams) { late.Add(Math.Max(0, Stopwatch.GetElapsedTime(answered, await stream.Heard.WaitAsync(s_limit)).TotalMilliseconds)); }
            await Task.Delay(TimeSpan.FromSeconds(2));
        }
        late.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Changes} changes to {Listeners} listeners, after the operator was answered: median {late[late.Count / 2]:0} ms, p99 {late[(int)(late.Count * 0.99)]:0} ms, last {late[^1]:0} ms; wanted p99 below 1000 ms"));
        await end.CancelAsync();
        await Task.WhenAll(listening);
        return late[(int)(late.Count * 0.99)] < 1_000 ? 0 : 1;
    }

    private static async Task UntilAllAsync(List<Listener> streams, string state)
    {
        foreach (var stream in streams) { await stream.Opened.WaitAsync(s_limit); }
        Console.WriteLine($"all have heard: {state}");
    }

    private sealed class Listener(HttpClient http, Guid campaign, string token)
    {
        private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private TaskCompletionSource<long> _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _quota;

        public Task Opened => _opened.Task;

        public Task<long> Heard => _heard.Task;

        public void Await(int quota)
        {
            _heard = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Volatile.Write(ref _quota, quota);
        }

        // Two thousand at the same moment: some are told to come back, and do.
        private async Task<HttpResponseMessage> OpenAsync(CancellationToken cancellationToken)
        {
            for (var attempt = 1; ; attempt++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/campaigns/{campaign}/events") { Headers = { Authorization = new("Bearer", token) } };
                var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if (response.IsSuccessStatusCode) { return response; }
                if (attempt == 10) { throw new InvalidOperationException($"{(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}"); }
                Interlocked.Increment(ref s_askedAgain);
                await Task.Delay((response.Headers.RetryAfter?.Delta ?? TimeSpan.FromSeconds(1)) * (1 + Random.Shared.NextDouble()), cancellationToken);
                response.Dispose();
            }
        }

        public async Task RunAsync(CancellationToken cancellationToken)
        {
            try
            {
                using var response = await OpenAsync(cancellationToken);
                await foreach (var told in SseParser.Create(await response.Content.ReadAsStreamAsync(cancellationToken)).EnumerateAsync(cancellationToken))
                {
                    if (told.EventType != "state") { continue; }
                    _opened.TrySetResult();
                    var wanted = Volatile.Read(ref _quota);
                    if (wanted != 0 && JsonDocument.Parse(told.Data).RootElement.GetProperty("quota").GetInt32() == wanted) { _heard.TrySetResult(Stopwatch.GetTimestamp()); }
                }
            }
            catch (Exception failure)
            {
                if (!cancellationToken.IsCancellationRequested) { _opened.TrySetException(failure); _heard.TrySetException(failure); }
            }
        }
    }
}
