using FirstCome.TestKit;
using Xunit;

namespace FirstCome.FaultsTests;

/// <summary>What may become of Redis while the crowd asks. A gate is never trusted across any of it.</summary>
public sealed class RedisFaults(RealSystem system)
{
    [Fact]
    public Task Redis_is_killed_and_comes_back_with_its_file() => FaultRehearsal.HoldAsync(system, _ => system.Redis.RestartAsync(), sign: Sign.ClaimsWithheld);

    [Fact]
    public Task Redis_is_killed_and_comes_back_empty() => FaultRehearsal.HoldAsync(system, async _ =>
    {
        await system.Redis.Process.KillAsync();
        Directory.Delete(Path.Combine(system.Redis.Folder, "appendonlydir"), recursive: true);
        await system.Redis.RestartAsync();
    }, sign: Sign.ClaimsWithheld);

    [Fact]
    public Task Redis_is_rolled_back_to_an_old_file() => FaultRehearsal.HoldAsync(system, async _ =>
    {
        using var copy = new TemporaryFolder();
        CopyFile(copy.FullName);
        await WrittenOnAsync(copy.FullName);
        await system.Redis.Process.KillAsync();
        PutBack(copy.FullName);
        await system.Redis.RestartAsync();
    }, sign: Sign.ClaimsWithheld);

    [Fact]
    public Task Every_IssueService_and_Redis_are_killed_together_and_Redis_comes_back_with_an_old_file() => FaultRehearsal.HoldAsync(system, async _ =>
    {
        using var copy = new TemporaryFolder();
        CopyFile(copy.FullName);
        await WrittenOnAsync(copy.FullName);
        system.Services.Kill("issue-service");
        system.Services.Kill("issue-service-2");
        await system.Redis.Process.KillAsync();
        PutBack(copy.FullName);
        await system.Redis.RestartAsync();
    }, sign: Sign.ClaimsWithheld);

    [Fact]
    public async Task Everything_in_Redis_is_flushed()
    {
        var redis = await system.RedisAdminAsync();
        await FaultRehearsal.HoldAsync(system, _ => redis.FlushAllDatabasesAsync(), sign: Sign.ClaimsWithheld);
    }

    [Fact]
    public async Task Redis_forgets_its_scripts()
    {
        var redis = await system.RedisAdminAsync();
        await FaultRehearsal.HoldAsync(system, _ => redis.ScriptFlushAsync());
    }

    [Fact]
    public Task Redis_stands_still_for_five_seconds() => FaultRehearsal.HoldAsync(system, async cancel =>
    {
        system.Redis.Process.Freeze();
        try { await Task.Delay(TimeSpan.FromSeconds(5), cancel); }
        finally { system.Redis.Process.Thaw(); }
    }, sign: Sign.ClaimsWithheld);

    private void CopyFile(string to)
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(system.Redis.Folder, "appendonlydir"))) { File.Copy(file, Path.Combine(to, Path.GetFileName(file))); }
    }

    // Claims go on between the copy and the kill: else there would be nothing old about it.
    private Task WrittenOnAsync(string copy) =>
        Eventually.TrueAsync(() => Size(Path.Combine(system.Redis.Folder, "appendonlydir")) > Size(copy), TimeSpan.FromSeconds(20), "Redis writes on after its file was copied");

    private static long Size(string folder) => new DirectoryInfo(folder).EnumerateFiles().Sum(file => file.Length);

    private void PutBack(string from)
    {
        var folder = Path.Combine(system.Redis.Folder, "appendonlydir");
        Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.EnumerateFiles(from)) { File.Copy(file, Path.Combine(folder, Path.GetFileName(file))); }
    }
}
