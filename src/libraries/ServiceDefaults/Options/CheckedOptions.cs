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
    /// Binds <typeparamref name="T"/> to a section and checks it at start: every wrong value of every section is told in one <see cref="OptionsValidationException"/>.
    /// Values that cannot be read as their type are told in the same way. Changed configuration is taken only while it is right; see <see cref="IOptionsMonitor{TOptions}"/>.
    /// </summary>
    public static IServiceCollection AddCheckedOptions<T>(this IServiceCollection services, string section) where T : class, ICheckedOptions
    {
        services.AddOptions<T>().BindConfiguration(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<T>>(new CheckedOptionsValidation<T>());
        return services;
    }

    /// <summary>The options as they stand in the configuration while the service is being built, unchecked; the check follows at start.</summary>
    public static T Read<T>(this IConfiguration configuration, string section) where T : class, new() => configuration.GetSection(section).Get<T>() ?? new T();
}

internal sealed class CheckedOptionsValidation<T> : IValidateOptions<T> where T : class, ICheckedOptions
{
    public ValidateOptionsResult Validate(string? name, T options)
    {
        var errors = options.Check().ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
