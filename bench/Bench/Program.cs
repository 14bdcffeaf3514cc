using FirstCome.Bench;

switch (args.FirstOrDefault())
{
    case "claims": return await ClaimsBench.RunAsync(args);
    case "gate": return await GateBench.RunAsync();
    case "ledger": return await LedgerBench.RunAsync(args);
    case "memory": return await MemoryBench.RunAsync();
    case "bare": return await BareSystem.RunAsync(args);
    default:
        Console.Error.WriteLine("bench/claims, bench/gate, bench/ledger or bench/memory");
        return 2;
}
