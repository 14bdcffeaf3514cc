using System.Data.Common;
using System.Reflection;
using System.Text.RegularExpressions;
using EvolveDb.Configuration;
using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Database;

/// <summary>Runs an assembly's embedded scripts <c>Migrations/V1__name.sql</c> through Evolve, which keeps its account in the table <c>changelog</c>.</summary>
internal static partial class Migrations
{
    private const int CommandSecondsMax = 600;

    public static async Task RunAsync(DatabaseEngine engine, Assembly assembly, ILogger logger, CancellationToken cancellationToken)
    {
        var prefix = assembly.GetManifestResourceNames().Select(name => ScriptName().Match(name)).FirstOrDefault(match => match.Success)?.Groups["folder"].Value
            ?? throw new InvalidOperationException(
                $"{assembly.GetName().Name} embeds no scripts Migrations/V1__name.sql; its project file needs <EmbeddedResource Include=\"Migrations/*.sql\" />.");
        try
        {
            await using var alone = await engine.EnterMigrationAsync(cancellationToken);
            using var turn = await engine.EnterWriteAsync(cancellationToken);
            await using var connection = await engine.OpenAsync(cancellationToken);
            Run(engine, connection, assembly, prefix, logger);
        }
        catch (Exception exception) when (EngineFailure(engine, exception) is { } failure)
        {
            throw new DatabaseUnavailableException($"The database {engine.Name} cannot be migrated: {failure.Message}", exception);
        }
    }

    private static void Run(DatabaseEngine engine, DbConnection connection, Assembly assembly, string prefix, ILogger logger)
    {
        var evolve = Evolve(engine, connection, line => DatabaseLog.MigrationLine(logger, engine.Name, line));
        evolve.EmbeddedResourceAssemblies = [assembly];
        evolve.EmbeddedResourceFilters = [prefix];
        evolve.IsEraseDisabled = true;
        evolve.OutOfOrder = false;
        evolve.TransactionMode = TransactionKind.CommitEach;
        // An index on a large table takes longer than a request may.
        evolve.CommandTimeout = CommandSecondsMax;
        evolve.Placeholders = engine.Dialect.Placeholders.ToDictionary(pair => $"${{{pair.Key}}}", pair => pair.Value);
        evolve.Migrate();
        if (evolve.NbMigration > 0) { DatabaseLog.Migrated(logger, engine.Name, evolve.NbMigration, evolve.AppliedMigrations[^1]); }
    }

    // It asks the server what it is, keeps the failure of this question to itself, and takes the server for none that it knows.
    private static EvolveDb.Evolve Evolve(DatabaseEngine engine, DbConnection connection, Action<string> line)
    {
        try { return new EvolveDb.Evolve(connection, line); }
        catch (EvolveDb.EvolveException exception) { throw new DatabaseUnavailableException($"The database {engine.Name} did not tell what it is.", exception); }
    }

    // Evolve wraps what the driver says.
    private static Exception? EngineFailure(DatabaseEngine engine, Exception exception)
    {
        for (var current = exception; current is not null; current = current.InnerException)
        {
            if (current is IOException or UnauthorizedAccessException || engine.Classify(current) is DatabaseFault.Busy or DatabaseFault.Unavailable) { return current; }
        }
        return null;
    }

    [GeneratedRegex(@"^(?<folder>.*\.Migrations\.)V\d+__[a-z0-9_]+\.sql$", RegexOptions.CultureInvariant)]
    private static partial Regex ScriptName();
}
