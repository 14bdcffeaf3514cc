using System.Globalization;
using System.Net;
using FirstCome.AllInOne;
using FirstCome.AllInOne.Start;

namespace FirstCome.Services.Start;

/// <summary>What the command line and the environment ask for.</summary>
/// <param name="Common">Port, address and data folder, as for the system in one process.</param>
/// <param name="Scale">How many instances, by the service's registry name; one where it is not named.</param>
/// <param name="Redis">Servers to use, <c>host:port[,…]</c>; null: one is started.</param>
/// <param name="Kafka">Brokers to use; null: one is started.</param>
/// <param name="MySql">The database server to use, <c>host:port</c>; null: one is started.</param>
/// <param name="MySqlAdmin">An account of that server that may make schemas and accounts, <c>user:password</c>.</param>
/// <param name="Advertise">At what URL others are to find an instance, where something stands before it; by the instance's name.</param>
/// <param name="Environment">Environment of an instance besides that of all, by the instance's name.</param>
/// <param name="Restart">After how long a process that ended is started again; null: it is not.</param>
internal sealed record ServicesOptions(
    StartOptions Common, IReadOnlyDictionary<string, int> Scale, string? Redis, string? Kafka, string? MySql, string? MySqlAdmin,
    IReadOnlyDictionary<string, Uri> Advertise, ILookup<string, KeyValuePair<string, string>> Environment, TimeSpan? Restart)
{
    private const int InstancesMax = 9;
    private const string AdminVariable = "FIRSTCOME_MYSQL_ADMIN";

    public const string Usage =
        $"""
        Usage: ./run services [--scale SERVICE=N,…] [--redis ADDRESSES] [--kafka ADDRESSES] [--mysql ADDRESS] [--restart SECONDS] [--environment INSTANCE:NAME=VALUE]
                              [--advertise INSTANCE=URL] [--port PORT] [--bind ADDRESS] [--data FOLDER]

        Starts each service of FirstCome as a process of its own, on Redis, Kafka and MySQL. Ctrl-C stops all of it.

          --scale LIST        instances, as IssueService=2,IssueWorker=2. Default: one of each
          --redis ADDRESSES   host:port[,host:port…] of servers that run. Default: redis-server is started
          --kafka ADDRESSES   host:port[,host:port…] of brokers that run. Default: the program that FIRSTCOME_KAFKA names, or ../shared/kafka/broker, is started
          --mysql ADDRESS     host:port of a server that runs; {AdminVariable}=user:password names an account that may make schemas and accounts.
                              Default: the program that FIRSTCOME_MYSQL names, or ../shared/mysql/server, or mariadbd, is started
          --restart SECONDS   starts a process that ended again after so long; 0 to 600. Default: it is told, and stays ended
          --environment INSTANCE:NAME=VALUE
                              sets an environment variable of one instance, as issue-service-2:Logging__LogLevel__Default=Debug; may be given often
          --advertise INSTANCE=URL
                              registers an instance with this URL, of a proxy before it; may be given often. Default: where it listens
          --port PORT         where the gateway listens; first instances take the eight ports after it, further ones those behind. Default: 8080
          --bind ADDRESS      the address that all of them listen on. Default: 127.0.0.1
          --data FOLDER       where everything is kept; made if it is missing. Default: .data
          --help              this text
        """;

    public string Data => Common.Data;

    /// <exception cref="StartRefusedException">An option is unknown, incomplete or out of range.</exception>
    public static ServicesOptions Parse(IReadOnlyList<string> args)
    {
        var others = new List<string>();
        var advertise = new Dictionary<string, Uri>(StringComparer.Ordinal);
        var environment = new List<(string Instance, KeyValuePair<string, string> Variable)>();
        var options = new ServicesOptions(
            new StartOptions(0, IPAddress.Loopback, ""), new Dictionary<string, int>(StringComparer.Ordinal), null, null, null,
            System.Environment.GetEnvironmentVariable(AdminVariable), advertise, Enumerable.Empty<string>().ToLookup(_ => "", _ => default(KeyValuePair<string, string>)), null);
        for (var i = 0; i < args.Count; i++)
        {
            var parts = args[i].Split('=', 2);
            string Value() => parts.Length == 2 ? parts[1] : ++i < args.Count ? args[i] : throw new StartRefusedException($"{parts[0]} needs a value; see ./run services --help.");
            switch (parts[0])
            {
                case "--scale": options = options with { Scale = ReadScale(Value()) }; break;
                case "--redis": options = options with { Redis = ReadAddresses("--redis", Value()) }; break;
                case "--kafka": options = options with { Kafka = ReadAddresses("--kafka", Value()) }; break;
                case "--mysql": options = options with { MySql = ReadAddresses("--mysql", Value()) }; break;
                case "--restart": options = options with { Restart = ReadRestart(Value()) }; break;
                case "--environment": environment.Add(ReadVariable(Value())); break;
                case "--advertise": ReadAdvertised(Value(), advertise); break;
                default: others.Add(args[i]); break;
            }
        }
        if (options.MySql is not null && options.MySqlAdmin?.Contains(':', StringComparison.Ordinal) != true)
        {
            throw new StartRefusedException($"With --mysql the environment variable {AdminVariable} must be user:password of an account that may make schemas and accounts.");
        }
        return options with { Common = StartOptions.Parse(others), Environment = environment.ToLookup(each => each.Instance, each => each.Variable) };
    }

    private static Dictionary<string, int> ReadScale(string text)
    {
        var scale = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var pair = part.Split('=', 2);
            var service = ServiceCatalog.All.FirstOrDefault(service => service.Project == pair[0] || service.Name == pair[0])
                ?? throw new StartRefusedException($"--scale: \"{pair[0]}\" is no service; there are {string.Join(", ", ServiceCatalog.All.Select(service => service.Project))}.");
            if (pair.Length < 2 || !int.TryParse(pair[1], NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count is < 1 or > InstancesMax)
            {
                throw new StartRefusedException($"--scale: {pair[0]} must be given a number from 1 to {InstancesMax}, as {pair[0]}=2.");
            }
            if (count > 1 && (service == ServiceCatalog.DiscoveryServer || service == ServiceCatalog.ConfigServer))
            {
                throw new StartRefusedException($"--scale: {pair[0]} runs once here.");
            }
            scale[service.Name] = count;
        }
        return scale;
    }

    private static string ReadAddresses(string option, string text) =>
        text.Length > 0 && text.Split(',').All(address => address.LastIndexOf(':') is > 0 and var colon && ushort.TryParse(address.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _))
            ? text
            : throw new StartRefusedException($"{option} must be host:port, but is \"{text}\".");

    private static (string Instance, KeyValuePair<string, string> Variable) ReadVariable(string text)
    {
        var (colon, equals) = (text.IndexOf(':', StringComparison.Ordinal), text.IndexOf('=', StringComparison.Ordinal));
        return colon > 0 && equals > colon + 1
            ? (text[..colon], new(text[(colon + 1)..equals], text[(equals + 1)..]))
            : throw new StartRefusedException($"--environment must be INSTANCE:NAME=VALUE, but is \"{text}\".");
    }

    private static void ReadAdvertised(string text, Dictionary<string, Uri> advertise)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 1 || !Uri.TryCreate(text[(equals + 1)..], UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp)
        {
            throw new StartRefusedException($"--advertise must be INSTANCE=URL, as issue-service-2=http://127.0.0.1:9000, but is \"{text}\".");
        }
        advertise[text[..equals]] = url;
    }

    private static TimeSpan ReadRestart(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds <= 600
            ? TimeSpan.FromSeconds(seconds)
            : throw new StartRefusedException($"--restart must be a number of seconds from 0 to 600, but is \"{text}\".");
}
