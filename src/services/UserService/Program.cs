using System.Net;
using FirstCome.Authentication;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Administration;
using FirstCome.UserService.Bootstrap;
using FirstCome.UserService.Members;
using FirstCome.UserService.Passwords;
using FirstCome.UserService.Rehearsals;
using FirstCome.UserService.Sessions;
using FirstCome.UserService.Standing;
using FirstCome.UserService.Tokens;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;

namespace FirstCome.UserService;

public static class Program
{
    public static Task Main(string[] args) => Create(args).RunAsync();

    /// <summary>The whole service, ready to run; <paramref name="engines"/> registers what differs between embedded and real engines.</summary>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? engines = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        engines?.Invoke(builder);
        builder.AddServiceDefaults("user-service");
        builder.AddDatabase();
        builder.AddEventLog();
        builder.Services.AddMigrations(typeof(Program).Assembly);
        AddTokens(builder.Services);
        builder.AddTokenAuthentication();
        builder.Services.AddHttpClient(OwnKeys.Client).AddHttpMessageHandler<OwnKeys>();
        AddSessions(builder.Services);
        AddStandings(builder.Services);
        AddRehearsals(builder.Services);
        AddBootstrap(builder.Services);

        var app = builder.Build();
        app.UseForwardedHeaders();
        app.MapServiceDefaults();
        app.UseTokenAuthentication();
        MapUsers(app);
        MapSessions(app);
        MapAdministration(app);
        MakeRehearsalMembers.Map(app);
        ResolveMembersOfList.Map(app.MapInternal());
        return app;
    }

    private static void AddTokens(IServiceCollection services)
    {
        services.AddCheckedOptions<KeyOptions>("Keys");
        services.AddHealthSignal<KeyRing>();
        services.AddHostedService<KeyMaintenance>();
        services.AddSingleton<AccessTokens>();
        services.AddTransient<OwnKeys>();
    }

    private static void AddSessions(IServiceCollection services)
    {
        services.AddCheckedOptions<PasswordOptions>("Passwords");
        services.AddCheckedOptions<SignInOptions>("SignIn");
        services.AddOptions<ForwardedHeadersOptions>().Configure<IOptions<SignInOptions>>(TrustProxies);
        services.AddSingleton<PasswordHashing>().AddSingleton<AddressFailures>().AddSingleton<GuessLimits>();
        services.AddSingleton<SignIn>().AddSingleton<RefreshSession>().AddSingleton<ChangePassword>().AddSingleton<ResetPassword>();
        services.AddHostedService<SweepExpired>();
    }

    private static void AddStandings(IServiceCollection services)
    {
        services.AddSingleton<StandingOutbox>().AddSingleton<AdministrativeChange>();
        services.AddHealthSignal<PublishStandings>();
        services.AddHostedService(provider => provider.GetRequiredService<PublishStandings>());
    }

    private static void AddRehearsals(IServiceCollection services)
    {
        services.AddServiceClient(MakeRehearsalMembers.CouponService);
        services.AddSingleton<RehearsalTokens>().AddSingleton<MakeRehearsalMembers>();
    }

    private static void AddBootstrap(IServiceCollection services)
    {
        services.AddCheckedOptions<BootstrapOptions>("Bootstrap");
        services.AddHostedService<BootstrapAccounts>();
    }

    private static void MapUsers(WebApplication app)
    {
        SignUp.Map(app);
        ReadProfile.Map(app);
        ChangeProfile.Map(app);
        ChangePassword.Map(app);
        EraseMember.Map(app);
    }

    private static void MapSessions(WebApplication app)
    {
        SignIn.Map(app);
        RefreshSession.Map(app);
        SignOut.Map(app);
        SignOutEverywhere.Map(app);
        ResetPassword.Map(app);
        PublishKeys.Map(app);
    }

    private static void MapAdministration(WebApplication app)
    {
        SearchUsers.Map(app);
        ReadAudit.Map(app);
        FindMember.Map(app);
        SetRoles.Map(app);
        SetAttributes.Map(app);
        LockMember.Map(app);
        IssueResetCode.Map(app);
        RotateKeys.Map(app);
    }

    // The loopback is trusted by default; the last address of the header is the one that the proxy itself has seen.
    private static void TrustProxies(ForwardedHeadersOptions forwarded, IOptions<SignInOptions> signIn)
    {
        forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor;
        forwarded.ForwardLimit = 1;
        foreach (var proxy in signIn.Value.TrustedProxies)
        {
            if (IPAddress.TryParse(proxy, out var address)) { forwarded.KnownProxies.Add(address); }
            else { forwarded.KnownIPNetworks.Add(System.Net.IPNetwork.Parse(proxy)); }
        }
    }
}
