using System.Text;
using FirstCome.Authentication;
using FirstCome.Contracts.Internal;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace FirstCome.RulesTests.Authentication;

/// <summary>Tokens that are expired, forged, foreign or no tokens at all.</summary>
public sealed class WrongTokenTests(TokenService tokens) : IClassFixture<TokenService>
{
    public static TheoryData<string> WrongTokens() =>
    [
        "alg none", "alg none with a signature", "alg none in capitals", "HS256 with the public key", "PS256", "no alg", "an unknown key", "the known key id, another key", "no key id", "another payload", "a cut signature",
        "another issuer", "no issuer", "another audience", "no audience", "expired", "no expiry", "no subject", "a subject that is no id", "no time of issue", "a rehearsal of nothing", "another type", "encrypted",
        "too long", "garbage", "two dots", "no base64", "empty", "a space within",
    ];

    [Theory, MemberData(nameof(WrongTokens))]
    public async Task A_wrong_token_is_refused_and_counts_as_none(string kind)
    {
        var token = Wrong(kind);
        var answer = await tokens.AskAsync("/member", token);
        answer.ShouldBeProblem(401, "unauthenticated");
        Assert.Contains("error=\"invalid_token\"", answer.Headers["WWW-Authenticate"], StringComparison.Ordinal);
        Assert.Equal("nobody", (await tokens.AskAsync("/open", token)).Text);
    }

    /// <summary>The gateway's word stands in for the signature, and for nothing else.</summary>
    [Theory, MemberData(nameof(WrongTokens))]
    public async Task A_voucher_is_for_the_signature_alone(string kind)
    {
        var token = Wrong(kind);
        var status = (await AskAsync(token, Vouchers().Of(TokenHash.Of(Encoding.UTF8.GetBytes(token))))).Status;
        // Of these only the signature says that they are wrong; the gateway vouches for none of them.
        Assert.Equal(kind is "the known key id, another key" or "an unknown key" or "another payload" or "a cut signature" or "a space within" ? 200 : 401, status);
    }

    [Theory]
    [InlineData("of another token"), InlineData("under another key"), InlineData("cut"), InlineData("longer"), InlineData("no base64url"), InlineData("empty"), InlineData("changed")]
    public async Task A_voucher_that_is_not_good_counts_as_none(string kind)
    {
        // Of its own, since a token is remembered once it was vouched for.
        var claims = TokenMaker.Claims(tokens.Member, tokens.Time.GetUtcNow());
        claims["jti"] = Guid.NewGuid().ToString();
        string[] both = [tokens.Token(), tokens.Unpublished.MakeRaw("""{"alg":"RS256","kid":"key-1","typ":"JWT"}""", claims)];
        foreach (var (token, status) in both.Zip([200, 401]))
        {
            var hash = TokenHash.Of(Encoding.ASCII.GetBytes(token));
            var good = Vouchers().Of(hash);
            var voucher = kind switch
            {
                "of another token" => Vouchers().Of(TokenHash.Of(Encoding.ASCII.GetBytes(tokens.Token()))),
                "under another key" => new TokenVouchers(Options.Create(new ServiceOptions { Key = "another-key-for-tests-0123456789abcd" })).Of(hash),
                "cut" => good[..^1],
                "longer" => good + "A",
                "no base64url" => new string('!', good.Length),
                "empty" => "",
                "changed" => (good[0] == 'A' ? 'B' : 'A') + good[1..],
                _ => throw new ArgumentOutOfRangeException(nameof(kind)),
            };
            Assert.Equal(status, (await AskAsync(token, voucher)).Status);
        }
    }

    private TokenVouchers Vouchers() => tokens.Service.Services.GetRequiredService<TokenVouchers>();

    private Task<ServiceDefaults.Answer> AskAsync(string token, string voucher) =>
        tokens.Service.GetAsync("/member", ("Authorization", "Bearer " + token), (InternalApi.TokenVoucherHeader, voucher));

    private string Wrong(string kind)
    {
        var claims = TokenMaker.Claims(tokens.Member, tokens.Time.GetUtcNow());
        // Each test a token of its own: one that was vouched for in another test is remembered as good.
        claims["jti"] = Guid.NewGuid().ToString();
        const string header = """{"alg":"RS256","kid":"key-1","typ":"JWT"}""";
        string With(string name, object? value) => tokens.Maker.Make(new Dictionary<string, object?>(claims) { [name] = value });
        return kind switch
        {
            "alg none" => tokens.Maker.MakeRaw("""{"alg":"none","kid":"key-1","typ":"JWT"}""", claims, ""),
            "alg none with a signature" => tokens.Maker.MakeRaw("""{"alg":"none","kid":"key-1","typ":"JWT"}""", claims),
            "alg none in capitals" => tokens.Maker.MakeRaw("""{"alg":"NoNe","kid":"key-1","typ":"JWT"}""", claims, ""),
            "HS256 with the public key" => tokens.Maker.Make(claims, new SigningCredentials(new SymmetricSecurityKey(tokens.Maker.PublicPem()) { KeyId = "key-1" }, SecurityAlgorithms.HmacSha256)),
            "PS256" => tokens.Maker.Make(claims, new SigningCredentials(tokens.Maker.Key, SecurityAlgorithms.RsaSsaPssSha256)),
            "no alg" => tokens.Maker.MakeRaw("""{"kid":"key-1","typ":"JWT"}""", claims),
            "an unknown key" => tokens.Unpublished.Make(claims),
            "the known key id, another key" => tokens.Unpublished.MakeRaw(header, claims),
            "no key id" => tokens.Maker.MakeRaw("""{"alg":"RS256","typ":"JWT"}""", claims),
            "another payload" => Spliced(tokens.Maker.Make(claims), tokens.Maker.Make(TokenMaker.Claims(Guid.CreateVersion7(), tokens.Time.GetUtcNow()))),
            "a cut signature" => tokens.Maker.Make(claims)[..^4],
            "another issuer" => With("iss", "somebody"),
            "no issuer" => With("iss", null),
            "another audience" => With("aud", "somebody"),
            "no audience" => With("aud", null),
            "expired" => With("exp", tokens.Time.GetUtcNow().ToUnixTimeSeconds()),
            "no expiry" => With("exp", null),
            "no subject" => With("sub", null),
            "a subject that is no id" => With("sub", "admin"),
            "no time of issue" => With("iat", null),
            "a rehearsal of nothing" => With("rehearsal", "true"),
            "another type" => tokens.Maker.MakeRaw("""{"alg":"RS256","kid":"key-1","typ":"refresh"}""", claims),
            "encrypted" => "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0..AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ",
            "too long" => With("pad", new string('a', 5_000)),
            "garbage" => "this-is-not-a-token-at-all",
            "two dots" => "................",
            "no base64" => "!!!!!!!!!!.!!!!!!!!!!.!!!!!!!!!!",
            "empty" => "",
            "a space within" => tokens.Maker.Make(claims).Insert(20, " "),
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        };
    }

    // Header and signature of one, payload of the other.
    private static string Spliced(string one, string other) => string.Join('.', one.Split('.')[0], other.Split('.')[1], one.Split('.')[2]);

    [Theory]
    [InlineData("Basic dXNlcjpwYXNz"), InlineData("Bearer"), InlineData("Bearer a, Bearer b"), InlineData("bearertoken")]
    public async Task Another_scheme_is_refused(string header) => (await tokens.Service.GetAsync("/member", ("Authorization", header))).ShouldBeProblem(401, "unauthenticated");
}
