using FirstCome.AllInOne;

namespace FirstCome.Services.Engines;

/// <summary>Where the engines are, as settings of the services. Each service gets what it uses and nothing else.</summary>
internal sealed record EngineSettings(string Redis, string Kafka, string DatabaseHost, string DatabasePort, IReadOnlyDictionary<string, SchemaAccount> Schemas)
{
    /// <summary>The schemas: one owner each; the two halves of the issue share the ledger.</summary>
    public static readonly IReadOnlyDictionary<string, string> SchemaOf = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [ServiceCatalog.UserService.Name] = "firstcome_users",
        [ServiceCatalog.CouponService.Name] = "firstcome_coupons",
        [ServiceCatalog.IssueService.Name] = "firstcome_ledger",
        [ServiceCatalog.IssueWorker.Name] = "firstcome_ledger",
    };

    /// <summary>A service's settings, as environment variables.</summary>
    public Dictionary<string, string> Of(ServiceEntry service)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        if (service != ServiceCatalog.DiscoveryServer && service != ServiceCatalog.ConfigServer && service != ServiceCatalog.Web) { settings["Kafka__BootstrapServers"] = Kafka; }
        if (service == ServiceCatalog.IssueService || service == ServiceCatalog.CacheService || service == ServiceCatalog.Web) { settings["Redis__Endpoints"] = Redis; }
        if (SchemaOf.TryGetValue(service.Name, out var schema))
        {
            var account = Schemas[schema];
            (settings["Database__Server"], settings["Database__Port"]) = (DatabaseHost, DatabasePort);
            (settings["Database__Name"], settings["Database__User"], settings["Database__Password"]) = (schema, account.User, account.Password);
        }
        return settings;
    }
}

/// <summary>The account that reaches one schema and nothing else.</summary>
internal sealed record SchemaAccount(string User, string Password);
