using Microsoft.AspNetCore.Components;

namespace FirstCome.Web.Console.Parts;

/// <summary>A part of the console that asks services. What it asked for and nobody sees any more is not waited for.</summary>
public abstract class LeavablePage : ComponentBase, IDisposable
{
    private readonly CancellationTokenSource _left = new();

    protected LeavablePage() => Left = _left.Token;

    /// <summary>
    /// Cancelled when the page is left. For questions: an order that was sent goes to its end, or nobody would know whether it counts. An upload ends with its page too, as what it sends comes from there;
    /// a service that does not get the whole of it changes nothing.
    /// </summary>
    protected CancellationToken Left { get; }

    public void Dispose()
    {
        _left.Cancel();
        _left.Dispose();
        GC.SuppressFinalize(this);
    }
}
