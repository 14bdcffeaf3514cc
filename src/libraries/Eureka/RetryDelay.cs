namespace FirstCome.Eureka;

/// <summary>
/// How long a loop waits: its interval, a little less at random so that instances started together drift apart; after failures from a
/// quarter of a second, doubled each time up to the interval, half of it at random.
/// </summary>
internal sealed class RetryDelay(TimeSpan interval)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);

    private int _failures;

    public TimeSpan AfterSuccess()
    {
        _failures = 0;
        return interval * (0.9 + (0.1 * Random.Shared.NextDouble()));
    }

    public TimeSpan AfterFailure()
    {
        var doubled = First * Math.Pow(2, Math.Min(_failures++, 16));
        return (doubled < interval ? doubled : interval) * (0.5 + (0.5 * Random.Shared.NextDouble()));
    }
}
