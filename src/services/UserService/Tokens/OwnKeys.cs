using FirstCome.ServiceDefaults;

namespace FirstCome.UserService.Tokens;

/// <summary>
/// Gives the service's own token check the keys without a way over the network: UserService can tell its members from the first request on, whatever the
/// registry is doing.
/// </summary>
internal sealed class OwnKeys(KeyRing keys) : DelegatingHandler
{
    /// <summary>The client with which the authentication library fetches the keys.</summary>
    public const string Client = "firstcome-signing-keys";

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        Task.FromResult(new HttpResponseMessage { RequestMessage = request, Content = JsonContent.Create(PublishKeys.Set(keys), options: ApiJson.Options) });
}
