using FirstCome.Bench;

switch (args.FirstOrDefault())
{
    case "claims": return await ClaimsBench.RunAsync(args);
    case "export": return await ExportBench.RunAsync();
    case "gate": return await GateBench.RunAsync();
    case "ledger": return await LedgerBench.RunAsync(args);
    case "recovery": return await RecoveryBench.RunAsync(args);
    case "registry": return await RegistryBench.RunAsync();
    case "memory": return await MemoryBench.RunAsync();
    case "streams": return await StreamsBench.RunAsync();
    case "bare-registry": return await BareRegistry.RunAsync(args);
    case "config": return await ConfigBench.RunAsync();
    case "bare-config": return await ConfigBench.RunBareAsync(args);
    case "bare": return await BareSystem.RunAsync(args);
    default:
        Console.Error.WriteLine("bench/claims, bench/config, bench/export, bench/gate, bench/ledger, bench/memory, bench/recovery, bench/registry or bench/streams");
        return 2;
}
