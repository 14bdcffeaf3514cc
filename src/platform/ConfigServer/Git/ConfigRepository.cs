using LibGit2Sharp;

namespace FirstCome.ConfigServer;

/// <summary>Makes the repository that a ConfigServer reads.</summary>
public static class ConfigRepository
{
    /// <summary>
    /// Makes a Git repository of the files of <paramref name="sourceFolder"/> with one commit on <c>main</c>, unless there is one at
    /// <paramref name="repositoryPath"/>: that is left alone, whatever it holds. The repository appears in one step, so a process that dies in the
    /// middle leaves nothing behind that a later start would take for finished.
    /// </summary>
    /// <returns>True if it was made now.</returns>
    /// <exception cref="DirectoryNotFoundException">There is no source folder.</exception>
    /// <exception cref="InvalidOperationException">The folder is there, is not empty and is no Git repository.</exception>
    public static bool CreateFrom(string sourceFolder, string repositoryPath)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(sourceFolder);
        ArgumentException.ThrowIfNullOrWhiteSpace(repositoryPath);
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(repositoryPath));
        if (Repository.IsValid(target))
            return false;
        if (!Directory.Exists(sourceFolder))
            throw new DirectoryNotFoundException($"There is no folder {sourceFolder} to make the settings' repository from.");
        if (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            throw new InvalidOperationException($"{target} is neither empty nor a Git repository; move it away or name another folder.");

        var unfinished = target + ".unfinished";
        if (Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);
        CopyFiles(sourceFolder, unfinished);
        Repository.Init(unfinished);
        using (var repository = new Repository(unfinished))
        {
            repository.Refs.UpdateTarget("HEAD", "refs/heads/main");
            Commands.Stage(repository, "*");
            var author = new Signature("FirstCome", "config@firstcome.invalid", TimeProvider.System.GetUtcNow());
            repository.Commit("Settings as shipped", author, author);
        }
        if (Directory.Exists(target))
            Directory.Delete(target);
        Directory.Move(unfinished, target);
        return true;
    }

    private static void CopyFiles(string source, string target)
    {
        // Links are left out: the repository holds what stands in the folder and nothing from elsewhere.
        var options = new EnumerationOptions { AttributesToSkip = FileAttributes.ReparsePoint, RecurseSubdirectories = true };
        Directory.CreateDirectory(target);
        foreach (var file in Directory.EnumerateFiles(source, "*", options))
        {
            var relative = Path.GetRelativePath(source, file);
            if (relative.Split(Path.DirectorySeparatorChar)[0] == ".git")
                continue;
            var copy = Path.Combine(target, relative);
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
