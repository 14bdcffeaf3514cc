namespace FirstCome.ConfigServer.Access;

/// <summary>Who may read settings without saying who he is.</summary>
internal enum ReadAccess
{
    /// <summary>Callers on this machine.</summary>
    Loopback,

    /// <summary>Nobody.</summary>
    Nobody,

    /// <summary>Everybody who reaches the port.</summary>
    Everyone,
}

/// <summary>Section <c>ConfigServer:Administrator</c>: who may encrypt and decrypt, and read everything. Without a password and a token there is none.</summary>
internal sealed class AdministratorOptions
{
    /// <summary>Name for basic authentication. Default: <c>admin</c>.</summary>
    public string UserName { get; set; } = "admin";

    /// <summary>Password for basic authentication, 16 characters or more.</summary>
    public string? Password { get; set; }

    /// <summary>Bearer token, 16 characters or more.</summary>
    public string? Token { get; set; }
}

/// <summary>Section <c>ConfigServer:Clients:{name}</c>: a reader of settings; the name is the user name of basic authentication.</summary>
internal sealed class ClientOptions
{
    /// <summary>Password for basic authentication, 16 characters or more.</summary>
    public string? Password { get; set; }

    /// <summary>Bearer token, 16 characters or more.</summary>
    public string? Token { get; set; }

    /// <summary>Applications whose settings the client may read. Default: all.</summary>
    public IList<string> Applications { get; } = [];
}
