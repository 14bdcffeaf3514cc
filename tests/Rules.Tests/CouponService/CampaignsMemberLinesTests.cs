using System.IO.Pipelines;
using System.Text;
using CsCheck;
using FirstCome.CouponService.Audience;
using Xunit;

namespace FirstCome.RulesTests.CouponService;

/// <summary>Reading an uploaded list of members.</summary>
public sealed class CampaignsMemberLinesTests
{
    private const string Id = "0198f3a2-7c1e-7d44-9b0a-3f5c2d1e6a7b";

    [Theory]
    [InlineData("email\na@b.example\n", "2 a@b.example")]
    [InlineData("email\na@b.example", "2 a@b.example")]
    [InlineData("\ufeffemail\r\na@b.example\r\n", "2 a@b.example")]
    [InlineData("\"email\"\r\n\"a@b.example\"\r\n", "2 a@b.example")]
    [InlineData("EMAIL\n  a@b.example \t\n", "2 a@b.example")]
    [InlineData("\n\nemail\n\na@b.example\n\n\nc@d.example\n\n", "5 a@b.example|8 c@d.example")]
    [InlineData($"memberId\n{Id}\n", $"2 {Id}")]
    [InlineData("memberId\n0198F3A2-7C1E-7D44-9B0A-3F5C2D1E6A7B\n", $"2 {Id}")]
    [InlineData("email\n", "")]
    [InlineData("email", "")]
    [InlineData("", "1 ! must be the header: memberId or email, and nothing else")]
    [InlineData("\n\n", "1 ! must be the header: memberId or email, and nothing else")]
    [InlineData("name\na@b.example\n", "1 ! must be the header: memberId or email, and nothing else")]
    [InlineData("email,name\na@b.example,A\n", "1 ! must be the header: memberId or email, and nothing else")]
    [InlineData("email\nnobody\na@b.example\n@b\na@\na@b@c\na b@c.example\n", "2 ! must be an e-mail address|3 a@b.example|4 ! must be an e-mail address|5 ! must be an e-mail address|6 ! must be an e-mail address|7 ! must be an e-mail address")]
    [InlineData("email\na@b.example,x\n", "2 ! must be an e-mail address")]
    [InlineData("email\na\u0000@b.example\n", "2 ! must be an e-mail address")]
    [InlineData("email\n\"a@b.example\n", "2 ! must have its quotes in pairs, around the whole value")]
    [InlineData("email\n\"a@b\".example\n", "2 ! must have its quotes in pairs, around the whole value")]
    [InlineData("memberId\n0198f3a27c1e7d449b0a3f5c2d1e6a7b\n", "2 ! must be a member's id, for instance 0198f3a2-7c1e-7d44-9b0a-3f5c2d1e6a7b")]
    public async Task Lines_are_read_and_wrong_ones_told(string csv, string expected) => Assert.Equal(expected, await ReadAsync(Encoding.UTF8.GetBytes(csv), csv.Length + 8));

    [Fact]
    public async Task What_is_not_UTF_8_is_refused_line_by_line()
    {
        Assert.Equal("1 ! must be UTF-8", await ReadAsync(Encoding.BigEndianUnicode.GetBytes("\u8000email\n"), 100));
        Assert.Equal("2 ! must be UTF-8|3 a@b.example", await ReadAsync([.. "email\n"u8, 0xff, .. "@b.example\na@b.example\n"u8], 100));
    }

    [Theory]
    [InlineData(1_024), InlineData(1_025), InlineData(5_000), InlineData(200_000)]
    public async Task A_line_that_is_far_too_long_is_passed_over(int length)
    {
        var problem = length > 1_024 ? "must have at most 1024 bytes" : "must be an e-mail address";
        var csv = Encoding.UTF8.GetBytes($"email\n{new string('a', length)}\nc@d.example\n");
        foreach (var step in (int[])[1, 7, 1_000, 1_024, 4_096, csv.Length]) { Assert.Equal($"2 ! {problem}|3 c@d.example", await ReadAsync(csv, step)); }
        Assert.Equal($"2 ! {problem}", await ReadAsync(csv[..(6 + length)], 333));
    }

    [Fact]
    public Task However_the_bytes_arrive_the_lines_are_the_same()
    {
        var line = Gen.Frequency(
            (5, Gen.Int[0, 99].Select(i => $"m{i}@b.example")), (1, Gen.Const("")), (1, Gen.Const("\"q@b.example\"")), (1, Gen.Const("wrong")), (1, Gen.Int[1_000, 1_100].Select(length => new string('x', length))));
        return Gen.Select(line.Array[0, 40], Gen.Bool, Gen.Bool, Gen.Int[1, 1_500]).SampleAsync(async (lines, hasCarriageReturn, hasEnd, step) =>
        {
            var end = hasCarriageReturn ? "\r\n" : "\n";
            var csv = Encoding.UTF8.GetBytes(string.Join(end, ["email", .. lines]) + (hasEnd ? end : ""));
            return await ReadAsync(csv, step) == await ReadAsync(csv, csv.Length);
        }, iter: 300);
    }

    [Fact]
    public async Task More_lines_than_a_list_may_have_end_the_reading()
    {
        var csv = Encoding.UTF8.GetBytes("email\n" + string.Concat(Enumerable.Repeat("a@b.example\n", MemberLineReader.LinesMax + 5)));
        var count = 0;
        MemberLine last = default;
        await foreach (var batch in new MemberLineReader(PipeReader.Create(new MemoryStream(csv))).ReadAsync(TestContext.Current.CancellationToken))
        {
            Assert.InRange(batch.Count, 1, 1_000);
            count += batch.Count;
            last = batch[^1];
        }
        Assert.Equal((MemberLineReader.LinesMax + 1, MemberLineReader.LinesMax + 2), (count, last.Number));
        Assert.Contains("1000000 lines", last.Problem!, StringComparison.Ordinal);
    }

    private static async Task<string> ReadAsync(byte[] csv, int step)
    {
        var pipe = new Pipe();
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < csv.Length; i += step) { await pipe.Writer.WriteAsync(csv.AsMemory(i, Math.Min(step, csv.Length - i))); }
            await pipe.Writer.CompleteAsync();
        });
        var reader = new MemberLineReader(pipe.Reader);
        var lines = new List<string>();
        await foreach (var batch in reader.ReadAsync(CancellationToken.None)) { lines.AddRange(batch.Select(line => $"{line.Number} {(line.Problem is { } problem ? $"! {problem}" : line.Id?.ToString() ?? line.Email)}")); }
        await reader.DrainAsync(CancellationToken.None);
        await writing;
        return string.Join('|', lines);
    }
}
