using FirstCome.ServiceDefaults;
using FirstCome.Web.Console;
using FirstCome.Web.Pages;
using FirstCome.Web.Sessions;

namespace FirstCome.Web;

public static class Program
{
    public static Task Main(string[] args) => Create(args).RunAsync();

    /// <summary>The whole service, ready to run; <paramref name="engines"/> registers what differs between embedded and real engines.</summary>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? engines = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults("web");
        builder.Services.AddServiceClient(KeepSession.UserService);
        engines?.Invoke(builder);
        builder.AddConsole();

        var app = builder.Build();
        app.MapServiceDefaults();
        app.MapPages();
        app.MapSession();
        app.MapConsole();
        return app;
    }
}
