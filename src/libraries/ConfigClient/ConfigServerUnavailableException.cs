namespace FirstCome.ConfigClient;

/// <summary>No config server gave settings that can be taken, and <see cref="ConfigClientOptions.FailFast"/> asks for them.</summary>
public sealed class ConfigServerUnavailableException(string? reason) : Exception($"A start needs the config server's settings (FailFast), and there are none: {reason}");
