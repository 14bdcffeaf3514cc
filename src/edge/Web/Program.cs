using FirstCome.ServiceDefaults;
using FirstCome.Web.Pages;

namespace FirstCome.Web;

public static class Program
{
    public static Task Main(string[] args) => Create(args).RunAsync();

    /// <summary>The whole service, ready to run; <paramref name="engines"/> registers what differs between embedded and real engines.</summary>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? engines = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults("web");
        engines?.Invoke(builder);

        var app = builder.Build();
        app.MapServiceDefaults();
        app.MapPages();
        return app;
    }
}
