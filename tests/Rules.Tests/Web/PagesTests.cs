using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FirstCome.Web.Pages;
using Xunit;

namespace FirstCome.RulesTests.Web;

public sealed partial class PagesTests(WebService web) : IClassFixture<WebService>
{
    // The page, its script and its style, as sent to a browser.
    private const int AllBytesMax = 60_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private async Task<HttpResponseMessage> GetAsync(string path, Action<HttpRequestHeaders>? headers = null, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, path);
        headers?.Invoke(request.Headers);
        return await web.Client.SendAsync(request, Cancellation);
    }

    private static Task<string> TextAsync(HttpResponseMessage response) => response.Content.ReadAsStringAsync(Cancellation);

    [Fact]
    public async Task Without_Redis_the_console_says_so_and_the_members_pages_go_on()
    {
        foreach (var path in (string[])["/console/sign-in", "/console/dashboard"])
        {
            using var response = await GetAsync(path, headers => headers.Add("Cookie", "fc-console=whatever"));
            if (path.EndsWith("dashboard", StringComparison.Ordinal) && response.StatusCode == HttpStatusCode.Found) { continue; }
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.NotNull(response.Headers.RetryAfter);
            Assert.Contains("세션 저장소가 응답하지 않습니다", await TextAsync(response), StringComparison.Ordinal);
        }
        using var page = await GetAsync("/");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
    }

    [Fact]
    public async Task The_page_names_only_its_own_files_and_holds_no_script_or_style()
    {
        using var response = await GetAsync("/");
        var page = await TextAsync(response);
        Assert.Equal("text/html; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("no-cache", response.Headers.CacheControl?.ToString());
        Assert.Equal(ServePages.ContentSecurityPolicy, response.Headers.GetValues("Content-Security-Policy").Single());
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.DoesNotContain("{{", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(Inline(), page);

        var paths = Reference().Matches(page).Select(match => match.Groups["path"].Value).Where(path => path is not ("/" or "/wallet" or "#main")).Distinct().ToList();
        Assert.Equal(3, paths.Count);
        foreach (var path in paths)
        {
            using var asset = await GetAsync(path);
            Assert.Equal(HttpStatusCode.OK, asset.StatusCode);
            Assert.Equal("public, max-age=31536000, immutable", asset.Headers.CacheControl?.ToString());
            Assert.Equal("nosniff", asset.Headers.GetValues("X-Content-Type-Options").Single());
        }
    }

    [Fact]
    public async Task Every_module_that_the_script_imports_is_there()
    {
        var files = new PageFiles();
        foreach (var name in files.Assets.Where(name => name.EndsWith(".js", StringComparison.Ordinal)))
        {
            var script = Encoding.UTF8.GetString(files.Asset(name)!.Content);
            foreach (Match import in Import().Matches(script))
            {
                using var response = await GetAsync($"/assets/{files.Version}/{import.Groups["name"].Value}");
                Assert.True(response.IsSuccessStatusCode, $"{name} imports {import.Groups["name"].Value}");
                Assert.Equal("text/javascript", response.Content.Headers.ContentType?.MediaType);
            }
        }
    }

    [Fact]
    public async Task All_of_it_is_small()
    {
        var files = new PageFiles();
        var bytes = 0L;
        foreach (var path in files.Assets.Select(name => $"/assets/{files.Version}/{name}").Prepend("/"))
        {
            using var response = await GetAsync(path, headers => headers.AcceptEncoding.ParseAdd("gzip"));
            bytes += response.Content.Headers.ContentLength ?? AllBytesMax;
        }
        Assert.InRange(bytes, 1_000, AllBytesMax);
    }

    [Theory]
    [InlineData(null, "ko")]
    [InlineData("ko-KR,ko;q=0.9,en;q=0.8", "ko")]
    [InlineData("en-GB,en;q=0.9,ko;q=0.5", "en")]
    [InlineData("en;q=0.3,ko;q=0.7", "ko")]
    [InlineData("en,ko", "en")]
    [InlineData("fr,de;q=0.9", "en")]
    [InlineData("ja,*;q=0.1,ko;q=0.5", "ko")]
    [InlineData("kok", "en")]
    [InlineData("ko;q=0", "en")]
    [InlineData("not a language;;;", "ko")]
    public async Task The_browsers_wish_decides_the_language(string? accepted, string language)
    {
        using var response = await GetAsync("/", headers => headers.TryAddWithoutValidation("Accept-Language", accepted));
        Assert.Contains($"<html lang=\"{language}\">", await TextAsync(response), StringComparison.Ordinal);
        Assert.Contains("Accept-Language", response.Headers.Vary);
    }

    [Theory]
    [InlineData("br, gzip", "br")]
    [InlineData("gzip", "gzip")]
    [InlineData("br;q=0, gzip", "gzip")]
    [InlineData("identity", null)]
    [InlineData(null, null)]
    public async Task A_file_comes_in_a_form_that_the_caller_understands(string? accepted, string? encoding)
    {
        using var plain = await GetAsync("/", headers => headers.AcceptLanguage.ParseAdd("en"));
        using var response = await GetAsync("/", headers =>
        {
            headers.AcceptLanguage.ParseAdd("en");
            headers.TryAddWithoutValidation("Accept-Encoding", accepted);
        });
        Assert.Equal(encoding, response.Content.Headers.ContentEncoding.SingleOrDefault());
        Assert.Contains("Accept-Encoding", response.Headers.Vary);
        await using var body = await response.Content.ReadAsStreamAsync(Cancellation);
        using var reader = new StreamReader(encoding switch { "br" => new BrotliStream(body, CompressionMode.Decompress), "gzip" => new GZipStream(body, CompressionMode.Decompress), _ => body });
        Assert.Equal(await TextAsync(plain), await reader.ReadToEndAsync(Cancellation));
        Assert.Equal(encoding is null, plain.Headers.ETag!.Tag == response.Headers.ETag!.Tag);
    }

    [Fact]
    public async Task Who_has_it_gets_no_second_copy()
    {
        using var first = await GetAsync("/");
        using var again = await GetAsync("/", headers => headers.IfNoneMatch.Add(first.Headers.ETag!));
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        Assert.Empty(await TextAsync(again));
        using var other = await GetAsync("/", headers =>
        {
            headers.AcceptLanguage.ParseAdd("en");
            headers.IfNoneMatch.Add(first.Headers.ETag!);
        });
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task Head_is_answered_without_a_body()
    {
        using var response = await GetAsync("/", method: HttpMethod.Head);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.True(response.Content.Headers.ContentLength > 1_000);
        Assert.Empty(await TextAsync(response));
    }

    [Fact]
    public async Task An_asset_of_an_older_version_is_given_as_it_is_now_and_not_kept()
    {
        using var response = await GetAsync("/assets/0000000000000000/app.js");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("no-cache", response.Headers.CacheControl?.ToString());
    }

    [Theory]
    [InlineData("/index.html")]
    [InlineData("/assets/x/texts.json")]
    [InlineData("/assets/x/../../etc/passwd")]
    [InlineData("/assets/x/%2e%2e%2fapp.js")]
    public async Task What_is_not_there_is_a_problem(string path)
    {
        using var response = await GetAsync(path);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("/problems/not-found", JsonDocument.Parse(await TextAsync(response)).RootElement.GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("/campaigns/0199d1f0-1111-7000-8000-000000000001")]
    [InlineData("/wallet")]
    public async Task Each_view_is_the_same_page(string path)
    {
        using var page = await GetAsync(path);
        using var home = await GetAsync("/");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Equal(await TextAsync(home), await TextAsync(page));
        Assert.DoesNotContain("unsafe", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writing_is_not_offered()
    {
        using var response = await web.Client.PostAsync(new Uri("/", UriKind.Relative), null, Cancellation);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
        Assert.Equal("/problems/method-not-allowed", JsonDocument.Parse(await TextAsync(response)).RootElement.GetProperty("type").GetString());
    }

    [GeneratedRegex(@"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", RegexOptions.IgnoreCase)]
    private static partial Regex Inline();

    [GeneratedRegex("(?:src|href)=\"(?<path>[^\"]*)\"", RegexOptions.ExplicitCapture)]
    private static partial Regex Reference();

    [GeneratedRegex(@"from '\./(?<name>[^']+)'", RegexOptions.ExplicitCapture)]
    private static partial Regex Import();
}
