using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace FirstCome.UserService.Tokens;

/// <summary>Opens the key ring before the first request and keeps it: other instances' keys, rotation by age, retirement.</summary>
internal sealed class KeyMaintenance(KeyRing ring, IOptions<KeyOptions> options, TimeProvider time, ILogger<KeyMaintenance> logger) : BackgroundService
{
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await ring.OpenAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.ReloadInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try { await ring.MaintainAsync(stoppingToken); }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryptographicException or TimeoutException)
            {
                TokensLog.FolderFailed(logger, exception);
            }
        }
    }
}
