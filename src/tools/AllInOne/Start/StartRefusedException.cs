namespace FirstCome.AllInOne.Start;

/// <summary>The system cannot start as it was asked to; the message is one sentence for the person who asked, and the process ends with code 2.</summary>
internal sealed class StartRefusedException : Exception
{
    public StartRefusedException() { }
    public StartRefusedException(string message) : base(message) { }
    public StartRefusedException(string message, Exception inner) : base(message, inner) { }
}
