using System.Text;

namespace FirstCome.DiscoveryServer;

/// <summary>What answers of the contract have in common.</summary>
internal static class EurekaResponse
{
    /// <summary>Nothing, with its length, which the Java client wants to see.</summary>
    public static Task Empty(HttpContext context)
    {
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    /// <summary>The body of an error is made at the end, in the server's common form.</summary>
    public static Task Status(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    public static Task Bytes(HttpContext context, ReadOnlyMemory<byte> body, string contentType, int status = StatusCodes.Status200OK, bool gzip = false)
    {
        context.Response.StatusCode = status;
        if (gzip) context.Response.Headers.ContentEncoding = "gzip";
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    /// <summary>Says in bare words what a request lacks; the contract calls that JSON or XML.</summary>
    public static Task Refusal(HttpContext context, string complaint) =>
        Bytes(context, Encoding.UTF8.GetBytes(complaint), AnswerForm.OrJson(context.Request).ContentType, StatusCodes.Status400BadRequest);

    public static Task CannotParse(HttpContext context)
    {
        var form = AnswerForm.OrJson(context.Request);
        var body = form.IsXml ? "<error><message>cannot parse request body</message></error>" : """{"error": "cannot parse request body"}""";
        return Bytes(context, Encoding.UTF8.GetBytes(body), form.ContentType, StatusCodes.Status400BadRequest);
    }

    /// <summary>Answers OPTIONS.</summary>
    public static Task Allowed(HttpContext context, string methods)
    {
        context.Response.Headers.Allow = methods;
        context.Response.ContentType = AnswerForm.OrJson(context.Request).ContentType;
        return Empty(context);
    }
}
