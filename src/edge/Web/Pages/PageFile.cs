using System.IO.Compression;
using System.Security.Cryptography;

namespace FirstCome.Web.Pages;

/// <summary>One file as it is sent: in memory, compressed once, with a tag of its content.</summary>
internal sealed class PageFile
{
    private static readonly string[] s_encodings = ["br", "gzip"];

    private readonly byte[] _plain, _brotli, _gzip;
    private readonly string _hash;

    public PageFile(byte[] content, string contentType)
    {
        (_plain, ContentType) = (content, contentType);
        _brotli = Compress(output => new BrotliStream(output, CompressionLevel.SmallestSize));
        _gzip = Compress(output => new GZipStream(output, CompressionLevel.SmallestSize));
        _hash = Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 12));
    }

    public string ContentType { get; }

    public ReadOnlySpan<byte> Content => _plain;

    /// <summary>The smallest form that the caller understands. 304 where the caller has it. GET and HEAD.</summary>
    public async Task SendAsync(HttpContext context, string cacheControl)
    {
        var (request, response) = (context.Request, context.Response);
        var encoding = Array.Find(s_encodings, candidate => Accepts(request, candidate));
        response.Headers.CacheControl = cacheControl;
        response.Headers.AppendCommaSeparatedValues("Vary", "Accept-Encoding");
        // Each form is a representation of its own.
        var tag = new Microsoft.Net.Http.Headers.EntityTagHeaderValue($"\"{_hash}{(encoding is null ? "" : "-" + encoding)}\"");
        response.GetTypedHeaders().ETag = tag;
        if (request.GetTypedHeaders().IfNoneMatch.Any(known => known.Compare(tag, useStrongComparison: false) || known == Microsoft.Net.Http.Headers.EntityTagHeaderValue.Any))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        response.ContentType = ContentType;
        if (encoding is not null) { response.Headers.ContentEncoding = encoding; }
        var bytes = encoding switch { "br" => _brotli, "gzip" => _gzip, _ => _plain };
        response.ContentLength = bytes.Length;
        if (HttpMethods.IsGet(request.Method)) { await response.Body.WriteAsync(bytes, context.RequestAborted); }
    }

    // "gzip;q=0" is a refusal; what is not named is not sent.
    private static bool Accepts(HttpRequest request, string encoding) =>
        request.GetTypedHeaders().AcceptEncoding.Any(accepted => accepted.Value.Equals(encoding, StringComparison.OrdinalIgnoreCase) && accepted.Quality is null or > 0);

    private byte[] Compress(Func<Stream, Stream> compressor)
    {
        using var output = new MemoryStream();
        using (var stream = compressor(output)) { stream.Write(_plain); }
        return output.ToArray();
    }
}
