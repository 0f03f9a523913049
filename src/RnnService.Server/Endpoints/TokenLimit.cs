using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>Bounds what one request may have computed, text by text, so that reading ends with the first that is too much.</summary>
/// <param name="most">The bound.</param>
/// <param name="field">Where the texts stand in the request.</param>
internal sealed class TokenLimit(int most, string field)
{
    private long _tokens;

    /// <summary>Counts a text's tokens.</summary>
    /// <exception cref="RequestProblem">There are more than one request may have.</exception>
    public void Add(int tokens)
    {
        _tokens += tokens;
        if (_tokens <= most) return;
        throw RequestProblem.Of(ProblemKind.Validation, field,
            $"holds more than {most} tokens, which is the most of one request; expected fewer or shorter texts: send the others in another");
    }
}
