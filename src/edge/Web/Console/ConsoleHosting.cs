using FirstCome.Engines.Redis;
using FirstCome.ServiceDefaults;
using FirstCome.Web.Console.Calls;
using FirstCome.Web.Console.Claims;
using FirstCome.Web.Console.Health;
using FirstCome.Web.Console.Rehearsals;
using FirstCome.Web.Console.Session;
using FirstCome.Web.Console.Shell;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.StackExchangeRedis;
using Microsoft.Extensions.Options;
using MudBlazor.Services;
using StackExchange.Redis;

namespace FirstCome.Web.Console;

/// <summary>The operator's console, a world of its own under <c>/console</c>: its pages, circuits, assets and sessions. <c>docs/adr</c> tells why it is made so.</summary>
internal static class ConsoleHosting
{
    public const string Prefix = "/console";

    /// <summary>Inline styles are what the component library computes; scripts come from this origin only, none of them inline.</summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; frame-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    // A list of a million members comes over the circuit in pieces of this size at most.
    private const long CircuitMessageBytesMax = 128 * 1024;
    private const string DataProtectionKeys = "console:data-protection", AntiforgeryCookie = "fc-console-form";
    private static readonly TimeSpan s_lostCircuitKeptFor = TimeSpan.FromMinutes(3);

    public static WebApplicationBuilder AddConsole(this WebApplicationBuilder builder)
    {
        builder.AddRedis();
        var services = builder.Services;
        services.AddDataProtection().SetApplicationName("firstcome-console");
        // It would load the keys at start, which would wait for Redis; they are loaded with the console's first page, and the members' pages need none.
        services.Remove(services.Single(service => service.ImplementationType?.Name == "DataProtectionHostedService"));
        // Any instance reads what another has protected.
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider => new ConfigureOptions<KeyManagementOptions>(keys =>
            keys.XmlRepository = new RedisXmlRepository(() => provider.GetRequiredService<IConnectionMultiplexer>().GetDatabase(), DataProtectionKeys)));
        services.AddSingleton<OperatorSessions>();
        services.AddHealthSignal<SessionStoreHealth>();
        services.AddHostedService(provider => provider.GetRequiredService<SessionStoreHealth>());
        services.AddAuthentication(OperatorSessions.Scheme).AddCookie(OperatorSessions.Scheme);
        services.AddSingleton<IConfigureOptions<CookieAuthenticationOptions>, OperatorCookie>();
        services.AddAuthorizationBuilder().AddConsolePolicies();
        services.AddAntiforgery(form =>
        {
            (form.Cookie.Name, form.Cookie.Path, form.Cookie.SameSite, form.Cookie.HttpOnly) = (AntiforgeryCookie, Prefix, SameSiteMode.Strict, true);
            form.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
        services.AddRazorComponents().AddInteractiveServerComponents(circuit =>
        {
            circuit.DisconnectedCircuitRetentionPeriod = s_lostCircuitKeptFor;
            circuit.DisconnectedCircuitMaxRetained = 100;
        }).AddHubOptions(hub => hub.MaximumReceiveMessageSize = CircuitMessageBytesMax);
        services.AddCascadingAuthenticationState();
        services.AddHttpContextAccessor();
        services.AddMudServices();
        services.AddScoped<ConsoleTexts>();
        services.AddScoped<OperatorApi>();
        services.AddCheckedOptions<RehearsalLimits>("Rehearsals");
        services.AddSingleton<RunRehearsals>();
        services.AddHostedService(provider => provider.GetRequiredService<RunRehearsals>());
        foreach (var service in OperatorApi.Services) { services.AddServiceClient(service); }
        services.AddServiceClient(OperatorApi.Coupons, OperatorApi.Uploads).ConfigureHttpClient(client => client.Timeout = OperatorApi.UploadMax);
        return builder;
    }

    public static void MapConsole(this WebApplication app)
    {
        var assets = new ConsoleAssets();
        app.Map(Prefix, console =>
        {
            console.Use(PrepareAsync);
            console.UseRouting();
            console.UseAuthentication();
            console.UseAuthorization();
            console.UseAntiforgery();
            console.UseEndpoints(endpoints =>
            {
                assets.Map(endpoints);
                endpoints.MapOperatorSession();
                endpoints.MapLanguage();
                endpoints.MapClaimsDownload();
                endpoints.MapReportDownload();
                endpoints.MapRazorComponents<App>()
                    .AddInteractiveServerRenderMode(options => options.ContentSecurityFrameAncestorsPolicy = null)
                    .RequireAuthorization();
            });
        });
    }

    private static async Task PrepareAsync(HttpContext context, RequestDelegate next)
    {
        // What the members' pages would answer here is not meant.
        context.SetEndpoint(null);
        if (context.Request.Headers["X-Forwarded-Proto"] == "https") { context.Request.Scheme = "https"; }
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
        try { await next(context); }
        // Sessions and the keys of its forms stand in Redis: without it no page of the console can be shown, and that is no fault of ours.
        catch (Exception failure) when (!context.Response.HasStarted && IsOfRedis(failure)) { await SessionStoreAway.TellAsync(context); }
    }

    private static bool IsOfRedis(Exception failure) => failure is RedisException or RedisTimeoutException || (failure.InnerException is { } inner && IsOfRedis(inner));
}
