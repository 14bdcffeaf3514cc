using System.Reflection;
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

    /// <summary>Brings the database up to the scripts of <paramref name="assembly"/> before any other hosted service of the host starts, and so before the first request.</summary>
    public static IServiceCollection AddMigrations(this IServiceCollection services, Assembly assembly) =>
        services.AddSingleton<IHostedService>(provider => new MigrationsAtStart(provider.GetRequiredService<Database>(), assembly));

    private sealed class MigrationsAtStart(Database database, Assembly assembly) : IHostedLifecycleService
    {
        public Task StartingAsync(CancellationToken cancellationToken) => database.MigrateAsync(assembly, cancellationToken);
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
