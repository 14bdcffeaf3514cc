namespace FirstCome.TestKit;

/// <summary>Where the project's files are that a test reads.</summary>
public static class ProjectRoot
{
    /// <summary>The folder of the solution, above the assembly's.</summary>
    public static string Folder { get; } = Find();

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "FirstCome.slnx"))) { return folder.FullName; }
        }
        throw new DirectoryNotFoundException("The tests stand outside of the project: no folder above them holds FirstCome.slnx.");
    }
}
