using Microsoft.Extensions.Options;

namespace FirstCome.ConfigServer.Git;

/// <summary>Makes the repository of <see cref="ConfigServerOptions.InitialSettings"/> before the first request, where there is none.</summary>
internal sealed class MakeRepository(IOptions<ConfigServerOptions> options) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.InitialSettings is { } files) { ConfigRepository.CreateFrom(files, options.Value.RepositoryPath); }
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
