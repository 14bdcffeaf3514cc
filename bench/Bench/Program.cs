using FirstCome.Bench;

switch (args.FirstOrDefault())
{
    case "claims": return await ClaimsBench.RunAsync(args);
    case "gate": return await GateBench.RunAsync();
    case "ledger": return await LedgerBench.RunAsync(args);
    case "recovery": return await RecoveryBench.RunAsync(args);
    case "memory": return await MemoryBench.RunAsync();
    case "bare": return await BareSystem.RunAsync(args);
    default:
        Console.Error.WriteLine("bench/claims, bench/gate, bench/ledger, bench/memory or bench/recovery");
        return 2;
}
