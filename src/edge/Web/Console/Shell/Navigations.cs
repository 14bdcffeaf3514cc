using FirstCome.Web.Console.Session;
using MudBlazor;

namespace FirstCome.Web.Console.Shell;

/// <param name="Path">Within the console, without a slash before it.</param>
/// <param name="Text">The key of its name.</param>
internal sealed record NavigationEntry(string Path, string Text, string Icon, string Policy);

/// <summary>The pages of the menu, in its order. A page that is added gets a line here.</summary>
internal static class Navigations
{
    public static readonly IReadOnlyList<NavigationEntry> All =
    [
        new("dashboard", "nav.dashboard", Icons.Material.Filled.Speed, ConsolePolicies.Operators),
        new("campaigns", "nav.campaigns", Icons.Material.Filled.ConfirmationNumber, ConsolePolicies.Operators),
        new("health", "nav.health", Icons.Material.Filled.MonitorHeart, ConsolePolicies.Operators),
        new("claims", "nav.claims", Icons.Material.Filled.ManageSearch, ConsolePolicies.Operators),
        new("dead-letters", "nav.letters", Icons.Material.Filled.MarkEmailUnread, ConsolePolicies.Operators),
        new("reconciliation", "nav.reconciliation", Icons.Material.Filled.Balance, ConsolePolicies.Operators),
        new("rehearsals", "nav.rehearsals", Icons.Material.Filled.Groups, ConsolePolicies.Operators),
        new("redeem", "nav.redeem", Icons.Material.Filled.Redeem, ConsolePolicies.Merchants),
        new("members", "nav.members", Icons.Material.Filled.ManageAccounts, ConsolePolicies.Admins),
        new("keys", "nav.keys", Icons.Material.Filled.Key, ConsolePolicies.Admins),
    ];
}
