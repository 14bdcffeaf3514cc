using System.Reflection;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Database;

public static class DatabaseServices
{
    /// <summary>Registers <see cref="Database"/> as a SQLite file, unless one is registered already; its folder must exist.</summary>
    public static IServiceCollection AddDatabase(this IServiceCollection services, string file)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider =>
            Database.Sqlite(file, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Database>>()));
        return services;
    }

    /// <summary>
    /// Registers <see cref="Database"/> as the schema that the section <c>Database</c> names, unless one is registered already. To be called when the configuration is complete.
    /// </summary>
    public static IHostApplicationBuilder AddDatabase(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.Services.Any(service => service.ServiceType == typeof(Database))) { return builder; }
        builder.Services.AddCheckedOptions<DatabaseOptions>("Database");
        var options = builder.Configuration.Read<DatabaseOptions>("Database");
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(provider => Database.MySql(options, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<Database>>()));
        return builder;
    }

    /// <summary>
    /// Brings the database up to the scripts of <paramref name="assembly"/> before any other hosted service of the host starts, and so before the first request. Where it is away the host starts all
    /// the same: until the scripts have run every use of it is a <see cref="DatabaseUnavailableException"/>, and the health signal <c>database</c> fails.
    /// </summary>
    public static IServiceCollection AddMigrations(this IServiceCollection services, Assembly assembly)
    {
        services.AddSingleton(provider => new MigrationsAtStart(
            provider.GetRequiredService<Database>(), assembly, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<MigrationsAtStart>>()));
        services.AddHealthSignal<MigrationsAtStart>();
        return services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<MigrationsAtStart>());
    }
}
