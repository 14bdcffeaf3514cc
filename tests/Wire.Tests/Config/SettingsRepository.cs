using LibGit2Sharp;

namespace FirstCome.WireTests.Config;

/// <summary>A repository of settings that a test commits to.</summary>
internal sealed class SettingsRepository : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("firstcome-settings-");

    public SettingsRepository(params (string File, string Content)[] files)
    {
        var source = Directory.CreateDirectory(System.IO.Path.Combine(_folder.FullName, "source")).FullName;
        foreach (var (file, content) in files)
            File.WriteAllText(System.IO.Path.Combine(source, file), content);
        Path = System.IO.Path.Combine(_folder.FullName, "repository");
        ConfigServer.ConfigRepository.CreateFrom(source, Path);
    }

    public string Path { get; }

    /// <summary>A file beside the repository, for a client.</summary>
    public string Beside(string name) => System.IO.Path.Combine(_folder.FullName, name);

    public string Commit(string file, string content)
    {
        using var repository = new Repository(Path);
        File.WriteAllText(System.IO.Path.Combine(Path, file), content);
        Commands.Stage(repository, file);
        var author = new Signature("Test", "test@firstcome.invalid", TimeProvider.System.GetUtcNow());
        return repository.Commit($"Change {file}", author, author).Sha;
    }

    /// <summary>Takes the last commit away and makes another in its place, as a forced push does.</summary>
    public string Rewrite(string file, string content)
    {
        using (var repository = new Repository(Path))
            repository.Reset(ResetMode.Hard, repository.Head.Tip.Parents.Single());
        return Commit(file, content);
    }

    public void Dispose()
    {
        // Git's objects are read-only files; deleting the folder does not ask for more than a writable folder on Unix.
        foreach (var file in _folder.EnumerateFiles("*", SearchOption.AllDirectories))
            file.IsReadOnly = false;
        _folder.Delete(recursive: true);
    }
}
