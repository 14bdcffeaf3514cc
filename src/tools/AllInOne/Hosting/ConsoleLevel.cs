namespace FirstCome.AllInOne.Hosting;

/// <summary>
/// What the services write to the console that they share: warnings and worse; while they start, errors only, because they find each other in any order and each first miss would be a warning.
/// Where <c>Logging__LogLevel__Default</c> is set, that level and the settings' own decide.
/// </summary>
internal sealed class ConsoleLevel
{
    private const string Variable = "Logging__LogLevel__Default";
    private volatile LogLevel _minimum = LogLevel.Error;

    public void Started() => _minimum = LogLevel.Warning;

    public void Apply(WebApplicationBuilder builder)
    {
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable))) { return; }
        // Of the rules for every category the last one counts, and this one is added after those of the settings.
        builder.Services.PostConfigure<LoggerFilterOptions>(filter => filter.Rules.Add(new LoggerFilterRule(null, null, null, (_, _, level) => level >= _minimum)));
    }
}
