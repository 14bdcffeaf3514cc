using FirstCome.ConfigServer;
using FirstCome.ConfigServer.Git;
using LibGit2Sharp;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace FirstCome.RulesTests.ConfigServer;

public sealed class GitReaderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("firstcome-git-");
    private readonly FakeTimeProvider _time = new();

    private string Source => Path.Combine(_folder.FullName, "source");

    private string Target => Path.Combine(_folder.FullName, "repository");

    public void Dispose()
    {
        foreach (var file in _folder.EnumerateFiles("*", SearchOption.AllDirectories))
            file.IsReadOnly = false;
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void A_repository_is_made_once_and_left_alone_afterwards()
    {
        Make();
        using (var repository = new Repository(Target))
        {
            Assert.Equal("main", repository.Head.FriendlyName);
            Assert.Single(repository.Commits);
            Assert.False(repository.RetrieveStatus().IsDirty);
            Assert.Null(repository.Head.Tip[".git"]);
        }
        var commit = Commit("a.yml", "a: 2");
        Assert.False(ConfigRepository.CreateFrom(Source, Target));
        using var reader = Reader();
        Assert.Equal(commit, reader.Resolve("main")!.Commit);
    }

    [Fact]
    public void What_a_start_that_died_left_behind_is_cleared_away()
    {
        Directory.CreateDirectory(Target + ".unfinished");
        File.WriteAllText(Path.Combine(Target + ".unfinished", "half.yml"), "x: 1");
        Make();
        using var reader = Reader();
        Assert.Null(reader.File(reader.Resolve(null)!.Commit, "half.yml"));
    }

    [Fact]
    public void A_folder_with_other_things_in_it_is_not_touched()
    {
        Directory.CreateDirectory(Source);
        Directory.CreateDirectory(Target);
        File.WriteAllText(Path.Combine(Target, "mine.txt"), "mine");
        Assert.Throws<InvalidOperationException>(() => ConfigRepository.CreateFrom(Source, Target));
        Assert.Throws<DirectoryNotFoundException>(() => ConfigRepository.CreateFrom(Source + "x", Target + "x"));
        Assert.Equal("mine", File.ReadAllText(Path.Combine(Target, "mine.txt")));
    }

    [Fact]
    public void A_branch_is_looked_up_again_after_its_interval_and_not_before()
    {
        Make();
        using var reader = Reader();
        var first = reader.Resolve(null)!.Commit;
        var second = Commit("a.yml", "a: 2");
        _time.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Equal(first, reader.Resolve(null)!.Commit);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(second, reader.Resolve(null)!.Commit);
    }

    [Fact]
    public void Labels_are_names_and_never_expressions()
    {
        Make();
        Commit("a.yml", "a: 2");
        using (var repository = new Repository(Target))
            repository.ApplyTag("v1", new Signature("t", "t@firstcome.invalid", DateTimeOffset.UnixEpoch), "annotated");
        using var reader = Reader();
        var head = reader.Resolve("main")!;
        Assert.True(head.Moves);
        Assert.Equal(new ResolvedLabel(head.Commit, Moves: false), reader.Resolve("v1"));
        Assert.Equal(new ResolvedLabel(head.Commit, Moves: false), reader.Resolve(head.Commit[..8]));
        Assert.Equal(head, reader.Resolve("refs/heads/main"));
        Assert.All(["main~1", "main^", "main@{0}", ":/x", "-x", "--upload-pack=x", "a b", "(", "", "0000000000000000000000000000000000000000", "refs/heads/", "../main", "main\0"],
            label => Assert.Null(reader.Resolve(label is "" ? " " : label)));
        // The id of a file's content is no commit.
        Assert.Null(reader.Resolve(reader.File(head.Commit, "a.yml")!.Id));
    }

    [Fact]
    public void Links_and_folders_are_no_files()
    {
        Make();
        File.CreateSymbolicLink(Path.Combine(Target, "link.yml"), "/etc/passwd");
        Directory.CreateDirectory(Path.Combine(Target, "folder"));
        File.WriteAllText(Path.Combine(Target, "folder", "b.yml"), "b: 1");
        using (var repository = new Repository(Target))
            Commands.Stage(repository, "*");
        Commit("a.yml", "a: 3");
        using var reader = Reader();
        var commit = reader.Resolve(null)!.Commit;
        Assert.NotNull(reader.File(commit, "folder/b.yml"));
        Assert.All(["link.yml", "folder", "../source/a.yml", "folder/../a.yml", ".git/config", "missing.yml"], path => Assert.Null(reader.File(commit, path)));
    }

    [Fact]
    public void A_repository_that_is_away_is_told_and_served_when_it_comes()
    {
        using var reader = Reader();
        Assert.Throws<RepositoryUnavailableException>(() => reader.Resolve(null));
        Make();
        Assert.NotNull(reader.Resolve(null));
    }

    [Fact]
    public async Task The_initial_settings_become_the_repository_once()
    {
        Directory.CreateDirectory(Source);
        File.WriteAllText(Path.Combine(Source, "a.yml"), "a: 1");
        var make = new MakeRepository(Options.Create(new ConfigServerOptions { RepositoryPath = Target, InitialSettings = Source }));
        await make.StartAsync(TestContext.Current.CancellationToken);
        using var reader = Reader();
        var commit = reader.Resolve(null)!.Commit;
        Assert.NotNull(reader.File(commit, "a.yml"));
        File.WriteAllText(Path.Combine(Source, "a.yml"), "a: 2");
        await make.StartAsync(TestContext.Current.CancellationToken);
        Assert.Equal(commit, reader.Resolve(null)!.Commit);
    }

    private void Make()
    {
        Directory.CreateDirectory(Path.Combine(Source, ".git"));
        File.WriteAllText(Path.Combine(Source, ".git", "config"), "[core]");
        File.WriteAllText(Path.Combine(Source, "a.yml"), "a: 1");
        Assert.True(ConfigRepository.CreateFrom(Source, Target));
    }

    private string Commit(string file, string content)
    {
        using var repository = new Repository(Target);
        File.WriteAllText(Path.Combine(Target, file), content);
        Commands.Stage(repository, file);
        var author = new Signature("t", "t@firstcome.invalid", DateTimeOffset.UnixEpoch);
        return repository.Commit(file, author, author).Sha;
    }

    private GitReader Reader() => new(new ConfigServerOptions { RepositoryPath = Target }, TimeSpan.FromSeconds(1), _time);
}
