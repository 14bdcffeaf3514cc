using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Unicode;

namespace FirstCome.CouponService.Audience;

/// <summary>
/// Reads an uploaded list line by line as it arrives: one column, headed <c>memberId</c> or <c>email</c>. A byte order mark, CRLF, quotes and blanks around a value, and empty lines are tolerated.
/// Every line is told on its own, wrong ones with the reason; after a wrong header, or more lines than a list may have, reading ends with that line.
/// </summary>
internal sealed class MemberLineReader(PipeReader body)
{
    public const int LinesMax = 1_000_000;
    private const int LineBytesMax = 1_024, EmailLengthMax = 254, BatchMax = 1_000;
    private const string HeaderRule = "must be the header: memberId or email, and nothing else";

    private readonly byte[] _copy = new byte[LineBytesMax];
    private bool? _areIds;
    private int _number;
    private int _members;
    private bool _isLongLine;
    private bool _isOver;

    /// <summary>The lines in order, in batches of up to 1,000.</summary>
    public async IAsyncEnumerable<IReadOnlyList<MemberLine>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var batch = new List<MemberLine>(BatchMax);
        while (!_isOver)
        {
            var read = await body.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            while (!_isOver && batch.Count < BatchMax && TryTakeLine(ref buffer, read.IsCompleted, out var line))
            {
                if (Parse(line) is { } parsed) { batch.Add(parsed); }
            }
            var isFull = batch.Count == BatchMax;
            // A full batch leaves whole lines behind, which the next read is to give again.
            body.AdvanceTo(buffer.Start, isFull ? buffer.Start : buffer.End);
            _isOver |= read.IsCompleted && !isFull;
            if (!isFull) { continue; }
            yield return batch;
            batch = new List<MemberLine>(BatchMax);
        }
        if (_areIds is null && batch.Count == 0) { batch.Add(new MemberLine(1, null, null, HeaderRule)); }
        if (batch.Count > 0) { yield return batch; }
    }

    /// <summary>Reads what is left and forgets it, so that the sender gets to read the answer.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await body.ReadAsync(cancellationToken);
            body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted) { return; }
        }
    }

    // The next line without its end. A line beyond the limit is cut to just beyond it, and the rest of it is passed over.
    private bool TryTakeLine(ref ReadOnlySequence<byte> buffer, bool isLast, out ReadOnlySequence<byte> line)
    {
        while (true)
        {
            var end = buffer.PositionOf((byte)'\n');
            if (end is null && buffer.Length <= LineBytesMax && (!isLast || buffer.IsEmpty)) { line = default; return false; }
            var wasLong = _isLongLine;
            if (end is { } newline)
            {
                line = buffer.Slice(0, newline);
                buffer = buffer.Slice(buffer.GetPosition(1, newline));
                _isLongLine = false;
            }
            else
            {
                line = buffer;
                buffer = buffer.Slice(buffer.End);
                _isLongLine = !isLast;
            }
            if (!wasLong) { return true; }
            if (end is null) { line = default; return false; }
        }
    }

    private MemberLine? Parse(ReadOnlySequence<byte> line)
    {
        _number++;
        if (line.Length > LineBytesMax) { return Wrong($"must have at most {LineBytesMax} bytes"); }
        line.CopyTo(_copy);
        ReadOnlySpan<byte> bytes = _copy.AsSpan(0, (int)line.Length);
        if (_number == 1 && bytes.StartsWith(Encoding.UTF8.Preamble)) { bytes = bytes[Encoding.UTF8.Preamble.Length..]; }
        if (!Utf8.IsValid(bytes)) { return Wrong("must be UTF-8"); }
        var text = Encoding.UTF8.GetString(bytes).Trim(' ', '\t', '\r');
        if (text.Length == 0) { return null; }
        if (!TryUnquote(ref text)) { return Wrong("must have its quotes in pairs, around the whole value"); }
        if (_areIds is null) { return ParseHeader(text); }
        if (++_members > LinesMax)
        {
            _isOver = true;
            return Wrong($"is beyond the {LinesMax} lines that a list may have");
        }
        return _areIds.Value ? ParseId(text) : ParseEmail(text);
    }

    private MemberLine? ParseHeader(string text)
    {
        _areIds = text.Equals("memberId", StringComparison.OrdinalIgnoreCase) ? true : text.Equals("email", StringComparison.OrdinalIgnoreCase) ? false : null;
        if (_areIds is not null) { return null; }
        _isOver = true;
        return new MemberLine(_number, null, null, HeaderRule);
    }

    private MemberLine ParseId(string text) =>
        Guid.TryParseExact(text, "D", out var id) ? new MemberLine(_number, id, null, null) : Wrong("must be a member's id, for instance 0198f3a2-7c1e-7d44-9b0a-3f5c2d1e6a7b");

    private MemberLine ParseEmail(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var isAddress = text.Length <= EmailLengthMax && at > 0 && at < text.Length - 1 && text.IndexOf('@', at + 1) < 0 && !text.Any(character => char.IsControl(character) || character is ' ' or ',' or '"');
        return isAddress ? new MemberLine(_number, null, text, null) : Wrong("must be an e-mail address");
    }

    private MemberLine Wrong(string problem)
    {
        // Before the header is known there is nothing to go on with.
        if (_areIds is null) { _isOver = true; }
        return new MemberLine(_number, null, null, problem);
    }

    private static bool TryUnquote(ref string text)
    {
        if (!text.Contains('"', StringComparison.Ordinal)) { return true; }
        if (text.Length < 2 || text[0] != '"' || text[^1] != '"') { return false; }
        var inner = text[1..^1];
        if (inner.Replace("\"\"", "", StringComparison.Ordinal).Contains('"', StringComparison.Ordinal)) { return false; }
        text = inner.Replace("\"\"", "\"", StringComparison.Ordinal).Trim();
        return true;
    }
}
