namespace FirstCome.Authentication;

/// <summary>Why a token is refused.</summary>
public enum TokenRefusal
{
    None,
    /// <summary>No token at all, or not the shape of one, or longer than 4 KiB.</summary>
    Malformed,
    /// <summary>Signed by an unknown key, wrongly, or not at all; or by another algorithm than RS256.</summary>
    Forged,
    /// <summary>Made by or for somebody else, or without a claim that is needed.</summary>
    Foreign,
    /// <summary>Past its <c>exp</c>.</summary>
    Expired,
    /// <summary>The account is locked or erased.</summary>
    Locked,
    /// <summary>Signed out everywhere, or password or roles were changed since.</summary>
    SignedOut,
    /// <summary>UserService cannot be reached and no key was ever had: nothing can be said.</summary>
    KeysAway,
}

/// <summary>A token's caller, or why there is none.</summary>
public readonly record struct TokenVerdict(Caller? Caller, TokenRefusal Refusal)
{
    /// <summary>Of a token that has a caller.</summary>
    internal TokenHash Token { get; init; }

    public static implicit operator TokenVerdict(TokenRefusal refusal) => new(null, refusal);
}

internal static class TokenRefusals
{
    public static string WhatToDo(this TokenRefusal refusal) => refusal switch
    {
        TokenRefusal.Expired => "The access token has expired: refresh it at POST /api/auth/refresh.",
        TokenRefusal.Locked => "The account is locked or was erased; an administrator can unlock a locked one.",
        TokenRefusal.SignedOut => "The access token was signed out: sign in again.",
        _ => "The access token is not valid: sign in again.",
    };
}
