namespace FirstCome.Web.Console.Calls;

/// <summary>A page of a list.</summary>
/// <param name="Next">What to ask for the next page with; null: there is none.</param>
internal sealed record ListOf<T>(IReadOnlyList<T> Items, string? Next = null);
