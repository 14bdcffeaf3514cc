using Microsoft.Extensions.Hosting;

namespace FirstCome.Authentication;

/// <summary>Fetches the signing keys at start and every minute; every quarter of a second until the first time.</summary>
internal sealed class RenewSigningKeys(SigningKeys keys, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_firstInterval = TimeSpan.FromMilliseconds(250);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await keys.RenewAsync().WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await Task.Delay(keys.Any ? s_interval : s_firstInterval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
