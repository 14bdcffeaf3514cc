using System.Globalization;
using FirstCome.AllInOne.Data;
using FirstCome.AllInOne.Hosting;
using Spectre.Console;

namespace FirstCome.AllInOne.Start;

/// <summary>What is printed once the system is ready.</summary>
internal static class Welcome
{
    public static void Print(IReadOnlyList<ServiceAddress> addresses, IReadOnlyList<DemoAccount> accounts, string accountsFile, TimeSpan startedIn)
    {
        var console = AnsiConsole.Console;
        var gateway = addresses.Single(address => address.Service == ServiceCatalog.Gateway.Name).Url;

        var services = new Table().RoundedBorder().AddColumns("Service", "Address");
        foreach (var address in addresses) { services.AddRow(Markup.Escape(address.Service), Markup.Escape(Text(address.Url))); }
        console.Write(services);

        // Passwords are for the person at the terminal, not for a log that the output may go to.
        var demo = new Table().RoundedBorder().AddColumns("Role", "E-mail", "Password");
        foreach (var account in accounts) { demo.AddRow(Markup.Escape(account.Role), Markup.Escape(account.Email), console.Profile.Out.IsTerminal ? Markup.Escape(account.Password) : "(in the file)"); }
        console.Write(demo);

        var lines = new Grid().AddColumns(2);
        lines.AddRow("Page", Markup.Escape(Text(gateway)));
        lines.AddRow("API", Markup.Escape(Text(new Uri(gateway, "api-docs"))));
        lines.AddRow("Demo accounts", Markup.Escape(accountsFile));
        lines.AddRow("Ready", string.Create(CultureInfo.InvariantCulture, $"after {startedIn.TotalSeconds:0.0} s; Ctrl-C stops it"));
        console.Write(lines);
    }

    private static string Text(Uri address) => address.AbsoluteUri.TrimEnd('/');
}
