using Confluent.Kafka;
using FirstCome.Engines.Log.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace FirstCome.EnginesTests.Log;

/// <summary>What Kafka's clients complain of does not fill the log.</summary>
public sealed class ClientFailuresTests
{
    [Fact]
    public void One_line_a_second_tells_how_many_were_left_out()
    {
        var (clock, lines) = (new FakeTimeProvider(), new Lines());
        var failures = new ClientFailures(clock, lines);
        for (var i = 0; i < 100; i++) { failures.Tell(new Error(ErrorCode.Local_Transport, $"refused {i}")); }
        clock.Advance(TimeSpan.FromSeconds(1));
        failures.Tell(new Error(ErrorCode.Local_Transport, "refused again"));
        Assert.Equal(["Kafka's client: refused 0 (0 lines left out before)", "Kafka's client: refused again (99 lines left out before)"], lines);
    }

    private sealed class Lines : List<string>, ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Add(formatter(state, exception));
    }
}
