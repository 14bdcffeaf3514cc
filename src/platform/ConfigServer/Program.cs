using FirstCome.ConfigServer.Git;
using FirstCome.ConfigServer.Health;
using FirstCome.ConfigServer.Pushes;
using FirstCome.ConfigServer.Requests;
using FirstCome.ConfigServer.Secrets;
using FirstCome.ServiceDefaults;

namespace FirstCome.ConfigServer;

public static class Program
{
    public static Task Main(string[] args) => Create(args).RunAsync();

    /// <summary>The whole service, ready to run; <paramref name="engines"/> registers what differs between embedded and real engines.</summary>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? engines = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults("configserver");
        engines?.Invoke(builder);
        builder.Services.AddCheckedOptions<ConfigServerOptions>("ConfigServer");
        builder.Services.AddHostedService<MakeRepository>();
        builder.Services.AddSettings();
        builder.Services.AddHealthSignal<RepositorySignal>();

        var app = builder.Build();
        app.MapServiceDefaults();
        app.MapEncryption();
        app.MapPushes();
        app.MapSettings();
        return app;
    }
}
