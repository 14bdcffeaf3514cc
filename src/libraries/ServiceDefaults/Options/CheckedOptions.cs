using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace FirstCome.ServiceDefaults;

/// <summary>Options that say themselves what is wrong with them.</summary>
public interface ICheckedOptions
{
    /// <summary>One sentence for each wrong value, naming the key and what would be right: "Section:Key must be …, but is …". Empty when all is well. Secrets are never repeated.</summary>
    IEnumerable<string> Check();
}

/// <summary>Options that are bound and checked when the service starts.</summary>
public static class CheckedOptions
{
    /// <summary>
    /// Binds <typeparamref name="T"/> to a section and checks it at start: every wrong value of every section is told in one <see cref="OptionsValidationException"/>. Values that cannot be read as their type are
    /// told in the same way. Settings that the config server changes later are taken only while they pass the check.
    /// </summary>
    public static IServiceCollection AddCheckedOptions<T>(this IServiceCollection services, string section) where T : class, ICheckedOptions, new()
    {
        services.AddOptions<T>().ValidateOnStart();
        services.AddSingleton<IConfigureOptions<T>>(provider => new ConfigureOptions<T>(options => TryBind(provider.GetRequiredService<IConfiguration>().GetSection(section), options)));
        services.AddSingleton<IOptionsChangeTokenSource<T>>(provider => new ConfigurationChangeTokenSource<T>(provider.GetRequiredService<IConfiguration>().GetSection(section)));
        services.AddSingleton<IValidateOptions<T>>(provider => new Validation<T>(provider.GetRequiredService<IConfiguration>().GetSection(section)));
        services.AddSingleton(new CheckedSection(configuration => Errors<T>(configuration.GetSection(section))));
        return services;
    }

    /// <summary>The options as they stand in the configuration while the service is being built, unchecked; the check follows at start.</summary>
    public static T Read<T>(this IConfiguration configuration, string section) where T : class, new()
    {
        var options = new T();
        TryBind(configuration.GetSection(section), options);
        return options;
    }

    /// <summary>What would be wrong if the config server's values were these.</summary>
    /// <param name="server">The config server among the sources of <paramref name="current"/>.</param>
    internal static IReadOnlyList<string> CheckAgain(IServiceCollection services, ConfigurationManager current, IConfigurationSource server, IReadOnlyDictionary<string, string?> fetched)
    {
        var position = current.Sources.IndexOf(server);
        var providers = ((IConfigurationRoot)current).Providers.ToList();
        var higher = providers.Skip(position + 1).Reverse().ToList();
        var lower = providers.Take(position).Reverse().ToList();
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var key in current.AsEnumerable().Select(pair => pair.Key).Concat(fetched.Keys))
        {
            if (ValueIn(higher, key, out var value) || fetched.TryGetValue(key, out value) || ValueIn(lower, key, out value)) { values[key] = value; }
        }
        var merged = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        return [.. services.Select(service => service.ImplementationInstance).OfType<CheckedSection>().SelectMany(section => section.Errors(merged))];
    }

    private static bool ValueIn(List<IConfigurationProvider> providers, string key, out string? value)
    {
        foreach (var provider in providers) { if (provider.TryGet(key, out value)) { return true; } }
        value = null;
        return false;
    }

    private static List<string> Errors<T>(IConfigurationSection section) where T : class, ICheckedOptions, new()
    {
        var options = new T();
        return TryBind(section, options) is { } error ? [error] : [.. options.Check()];
    }

    // The binder throws at the first value that has another type; the validation tells it with the others.
    private static string? TryBind(IConfigurationSection section, object options)
    {
        try
        {
            section.Bind(options);
            return null;
        }
        catch (InvalidOperationException exception)
        {
            return exception.InnerException is null ? exception.Message : $"{exception.Message.TrimEnd('.')}: {exception.InnerException.Message}";
        }
    }

    private sealed class Validation<T>(IConfigurationSection section) : IValidateOptions<T> where T : class, ICheckedOptions, new()
    {
        public ValidateOptionsResult Validate(string? name, T options)
        {
            // Code may have set what the section says wrongly, so what is asked is the object; only what could not be bound is asked of the section.
            List<string> errors = TryBind(section, new T()) is { } error ? [error] : [.. options.Check()];
            return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
        }
    }

    private sealed record CheckedSection(Func<IConfiguration, List<string>> Errors);
}
