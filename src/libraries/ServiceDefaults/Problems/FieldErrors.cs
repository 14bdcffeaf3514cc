using FirstCome.Contracts.Problems;
using Microsoft.AspNetCore.Http;

namespace FirstCome.ServiceDefaults;

/// <summary>What is wrong with a request, by field; all of it is told at once.</summary>
public sealed class FieldErrors
{
    // A list of a thousand wrong entries needs no thousand sentences.
    private const int FieldsMax = 50, MessagesMax = 10;
    private readonly Dictionary<string, List<string>> _byField = new(StringComparer.Ordinal);

    /// <summary>Whether anything is wrong.</summary>
    public bool Any => _byField.Count > 0;

    /// <summary>The sentences by field.</summary>
    public IReadOnlyDictionary<string, List<string>> ByField => _byField;

    /// <summary>Adds a sentence that says what to change, to be read after the field's name: <c>Add("quota", "must be between 1 and 10000000")</c>. Up to 50 fields and 10 sentences each are kept.</summary>
    /// <param name="field">The path as the caller wrote it: <c>benefit.amount.minor</c>, <c>audience[2].kind</c>; a header's or query parameter's name.</param>
    public void Add(string field, string whatToChange)
    {
        if (!_byField.TryGetValue(field, out var messages))
        {
            if (_byField.Count >= FieldsMax) { return; }
            _byField[field] = messages = [];
        }
        if (messages.Count < MessagesMax) { messages.Add(whatToChange); }
    }

    /// <summary>400 <c>invalid-request</c> with <c>errors</c>.</summary>
    public IResult ToResult() => new ProblemResult(ProblemTypes.InvalidRequest, "Change what errors names and send the request again.", null, null, this);
}

/// <summary>Refuses a request from within a binder, where no result can be returned; answered as 400 <c>invalid-request</c>.</summary>
public sealed class InvalidRequestException : Exception
{
    public InvalidRequestException(FieldErrors errors) : base("The request is not valid.") => Errors = errors;
    public InvalidRequestException(string field, string whatToChange) : this(new FieldErrors()) => Errors.Add(field, whatToChange);

    /// <summary>What is wrong.</summary>
    public FieldErrors Errors { get; }
}
