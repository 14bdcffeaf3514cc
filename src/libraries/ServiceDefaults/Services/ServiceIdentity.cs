namespace FirstCome.ServiceDefaults;

/// <summary>Who this process, or this host within it, is.</summary>
/// <param name="Name">The registry's name of the service, for instance <c>issue-service</c>.</param>
/// <param name="Instance">Unique among the instances: address and name.</param>
public sealed record ServiceIdentity(string Name, string Instance);
