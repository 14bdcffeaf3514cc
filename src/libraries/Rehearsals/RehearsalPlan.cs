namespace FirstCome.Rehearsal;

/// <summary>How large a rehearsal is, and how its crowd behaves.</summary>
internal record RehearsalPlan
{
    /// <summary>As many synthetic members as UserService makes for one campaign.</summary>
    public const int MembersMax = 100_000;

    /// <summary>Synthetic members, 1 to 100,000.</summary>
    public int Members { get; init; } = 20_000;

    /// <summary>Coupons, 1 to 10,000,000.</summary>
    public int Quota { get; init; } = 5_000;

    /// <summary>Requests at the same moment, 1 to 2,000.</summary>
    public int Concurrency { get; init; } = 256;

    /// <summary>The part of the members that ask more than once, 0 to 1.</summary>
    public double Repeats { get; init; } = 0.05;

    /// <summary>How long the last coupon may take after the last acceptance. Default 10 s; longer where an engine is away for a while.</summary>
    public TimeSpan IssuedWithin { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a member goes on asking when told 503 or 429, or nothing.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Whether the system is killed in the middle; the report tells it.</summary>
    public virtual bool Killed => false;
}

/// <summary>Where a rehearsal stands, in the order of its steps.</summary>
internal enum RehearsalPhase
{
    /// <summary>Synthetic members are made, with a token each.</summary>
    Tokens,
    /// <summary>The campaign is scheduled; its opening is awaited.</summary>
    Opening,
    /// <summary>The crowd asks.</summary>
    Claims,
    /// <summary>Every accepted claim is to become a coupon.</summary>
    Coupons,
    /// <summary>Every member is asked what it holds.</summary>
    Audit,
}

/// <summary>How far a step is.</summary>
internal readonly record struct RehearsalProgress(RehearsalPhase Phase, int Done, int Total);
