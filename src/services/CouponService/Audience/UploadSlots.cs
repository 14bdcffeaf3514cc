using FirstCome.CouponService.Campaigns;
using Microsoft.Extensions.Options;

namespace FirstCome.CouponService.Audience;

/// <summary>How many lists are uploaded at a time: each is held in memory until it is whole.</summary>
internal sealed class UploadSlots(IOptions<CampaignOptions> options) : IDisposable
{
    private readonly SemaphoreSlim _free = new(options.Value.UploadsMax);

    /// <summary>A place, to be disposed; null where all are taken.</summary>
    public IDisposable? TryEnter() => _free.Wait(TimeSpan.Zero) ? new Slot(_free) : null;

    /// <summary>Whether every place is taken.</summary>
    public bool IsFull => _free.CurrentCount == 0;

    public void Dispose() => _free.Dispose();

    private sealed class Slot(SemaphoreSlim free) : IDisposable
    {
        private SemaphoreSlim? _free = free;

        public void Dispose() => Interlocked.Exchange(ref _free, null)?.Release();
    }
}
