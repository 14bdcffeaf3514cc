using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace FirstCome.Authentication;

/// <summary>Token authentication of a service.</summary>
public static class TokenAuthentication
{
    /// <summary>
    /// Registers validation of access tokens (RS256, keys from UserService), a bounded memory of validated ones (<see cref="TokenCache"/>, shared where the host registered one before) and the standing of members
    /// from the topic <c>member.changed</c>. Needs an <c>IEventLog</c>.
    /// </summary>
    public static WebApplicationBuilder AddTokenAuthentication(this WebApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<TokenCache>(_ => new TokenCache());
        services.TryAddSingleton<MemberStandings>(_ => new MemberStandings());
        services.AddSingleton<TokenMeasures>();
        services.AddSingleton<TokenVouchers>();
        services.AddSingleton<TokenValidator>();
        services.AddHealthSignal<SigningKeys>();
        services.AddHealthSignal<FollowMemberChanges>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<FollowMemberChanges>());
        services.AddHostedService<RenewSigningKeys>();
        services.AddServiceClient("user-service", SigningKeys.Client).ConfigureHttpClient(client => client.MaxResponseContentBufferSize = SigningKeys.BytesMax);
        services.ConfigureAll<OpenApiOptions>(openApi =>
        {
            openApi.AddOperationTransformer<DescribeAccess>();
            openApi.AddDocumentTransformer<DescribeAccess>();
        });
        return builder;
    }

    /// <summary>Enforces <see cref="AccessRule"/>s. Call it after <c>MapServiceDefaults</c> and before the endpoints.</summary>
    /// <param name="admission">Asked for each request once its caller is known; for rate limits.</param>
    /// <param name="vouches">For the gateway: requests that are sent on carry its word that their token's signature was verified, so that the services behind it need not do it again.</param>
    public static WebApplication UseTokenAuthentication(this WebApplication app, Admission? admission = null, bool vouches = false)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseMiddleware<TokenAuthenticationMiddleware>(admission ?? (static (_, _) => null), vouches);
        return app;
    }
}
