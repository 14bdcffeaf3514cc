using Microsoft.AspNetCore.Authorization;

namespace FirstCome.Web.Console.Session;

/// <summary>Who may open which pages, as the services judge every call besides: no role implies another.</summary>
internal static class ConsolePolicies
{
    public const string OperatorRole = "operator", MerchantRole = "merchant", AdminRole = "admin";

    /// <summary>Campaigns, claims, dead letters, rehearsals and health: operators.</summary>
    public const string Operators = nameof(Operators);
    /// <summary>Redemption: merchants.</summary>
    public const string Merchants = nameof(Merchants);
    /// <summary>Members and signing keys: admins.</summary>
    public const string Admins = nameof(Admins);

    public static readonly string[] Roles = [OperatorRole, MerchantRole, AdminRole];

    public static void AddConsolePolicies(this AuthorizationBuilder authorization) => authorization
        .AddPolicy(Operators, policy => policy.RequireRole(OperatorRole))
        .AddPolicy(Merchants, policy => policy.RequireRole(MerchantRole))
        .AddPolicy(Admins, policy => policy.RequireRole(AdminRole));
}
