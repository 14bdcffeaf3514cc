using System.Globalization;
using System.Net;

namespace FirstCome.AllInOne.Start;

/// <summary>What the command line asks for.</summary>
/// <param name="Port">The gateway's; the other services follow it. 1 to 65527.</param>
/// <param name="Bind">The address that every service listens on.</param>
/// <param name="Data">The folder of everything that is kept.</param>
internal sealed record StartOptions(int Port, IPAddress Bind, string Data)
{
    private const int PortMax = IPEndPoint.MaxPort - ServiceCatalog.Count + 1;

    public const string Usage =
        """
        Usage: ./run [--port PORT] [--bind ADDRESS] [--data FOLDER]
               ./run services [options]     each service as a process of its own, on Redis, Kafka and MySQL; see ./run services --help
               ./run compose [options]      the same as containers; see ./run compose --help
               ./run rehearse [options]     plays a crowd and audits the outcome; see ./run rehearse --help

        Starts every service of FirstCome in one process, on embedded engines. Ctrl-C stops it.

          --port PORT      where the gateway listens; the other services take the eight ports after it. Default: 8080
          --bind ADDRESS   the address that all of them listen on. Default: 127.0.0.1, which nobody else can reach
          --data FOLDER    where everything is kept; made if it is missing. Default: .data
          --help           this text
        """;

    /// <summary>Whether the text of <see cref="Usage"/> is asked for.</summary>
    public static bool AsksForHelp(IEnumerable<string> args) => args.Any(arg => arg is "--help" or "-h");

    /// <exception cref="StartRefusedException">An option is unknown, incomplete or out of range.</exception>
    public static StartOptions Parse(IReadOnlyList<string> args)
    {
        var options = new StartOptions(8080, IPAddress.Loopback, ".data");
        for (var i = 0; i < args.Count; i++)
        {
            // Both "--port 8080" and "--port=8080".
            var parts = args[i].Split('=', 2);
            string Value() => parts.Length == 2 ? parts[1] : ++i < args.Count ? args[i] : throw new StartRefusedException($"{parts[0]} needs a value; see ./run --help.");
            options = parts[0] switch
            {
                "--port" => options with { Port = ReadPort(Value()) },
                "--bind" => options with { Bind = ReadAddress(Value()) },
                "--data" => options with { Data = ReadFolder(Value()) },
                _ => throw new StartRefusedException($"\"{args[i]}\" is no option; see ./run --help."),
            };
        }
        return options;
    }

    private static int ReadPort(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 1 and <= PortMax
            ? port
            : throw new StartRefusedException($"--port must be a number from 1 to {PortMax}, so that the other services' ports fit behind it, but is \"{text}\".");

    private static IPAddress ReadAddress(string text) =>
        IPAddress.TryParse(text, out var address) ? address : throw new StartRefusedException($"--bind must be an IP address such as 127.0.0.1 or 0.0.0.0, but is \"{text}\".");

    private static string ReadFolder(string text) =>
        text.Length > 0 ? text : throw new StartRefusedException("--data must name a folder, but is empty.");
}
