using System.Text;
using RnnService.Engine.Generation;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints.OpenAi;

/// <summary>A token at its place in a text.</summary>
/// <param name="Token">The token.</param>
/// <param name="Offset">Where it begins, in code points.</param>
internal readonly record struct PlacedToken(GeneratedToken Token, int Offset);

/// <summary>What a text grew by.</summary>
/// <param name="Text">May be empty.</param>
/// <param name="Tokens">Those that begin in it.</param>
internal readonly record struct Growth(string Text, IReadOnlyList<PlacedToken> Tokens)
{
    public static readonly Growth None = new("", []);
}

/// <summary>
/// A text as OpenAI's clients see it grow: it ends before its stop string, so whatever may begin one is kept back until that is known. Streamed or
/// not, a text is made here, and the pieces of a stream are the whole.
/// </summary>
/// <param name="stop">The stop strings.</param>
/// <param name="reportsTokens">Whether the tokens are told, too.</param>
internal sealed class GrowingText(IReadOnlyList<string> stop, bool reportsTokens)
{
    private readonly StringBuilder _text = new();
    private readonly Queue<(int Start, PlacedToken Token)> _unsent = new();
    private int _sent; // characters
    private int _offset; // code points, of what it begins with too

    /// <summary>Begins with the text that was sent.</summary>
    /// <param name="prompt">The text.</param>
    /// <param name="tokens">Its tokens, where they are asked for.</param>
    /// <param name="offsets">Where they begin.</param>
    public Growth Echo(string prompt, IReadOnlyList<GeneratedToken> tokens, IReadOnlyList<int> offsets)
    {
        _offset = CodePoints.Count(prompt);
        return new Growth(prompt, [.. tokens.Zip(offsets, (token, offset) => new PlacedToken(token, offset))]);
    }

    /// <summary>Adds a token.</summary>
    /// <param name="token">The token.</param>
    /// <param name="finished">Why the text ends with it; null when it does not.</param>
    public Growth Add(GeneratedToken token, FinishReason? finished)
    {
        if (reportsTokens) _unsent.Enqueue((_text.Length, new PlacedToken(token, _offset)));
        _text.Append(token.Text);
        _offset += CodePoints.Count(token.Text);
        return Send(_text.Length - finished switch
        {
            null => Held(),
            FinishReason.StopSequence => FromStop(token.Text.Length),
            _ => 0,
        });
    }

    /// <summary>Characters from the beginning of the stop string on: it ends the text, or a subword goes on after it.</summary>
    /// <param name="added">Characters of the last token.</param>
    private int FromStop(int added)
    {
        int longest = stop.Where(one => EndsWith(one)).Select(one => one.Length).DefaultIfEmpty(0).Max();
        if (longest > 0) return longest;
        string text = _text.ToString();
        return stop.Select(one => text.Length - text.IndexOf(one, Math.Max(0, text.Length - added - one.Length + 1), StringComparison.Ordinal))
            .Where(length => length <= text.Length).DefaultIfEmpty(0).Max();
    }

    /// <summary>What is kept back of a text that is not ended here.</summary>
    public Growth Rest() => Send(_text.Length);

    private Growth Send(int end)
    {
        end = Math.Max(_sent, end);
        string text = _text.ToString(_sent, end - _sent);
        _sent = end;
        if (text.Length == 0) return Growth.None;
        var tokens = new List<PlacedToken>();
        while (_unsent.TryPeek(out (int Start, PlacedToken Token) next) && next.Start < end) tokens.Add(_unsent.Dequeue().Token);
        return new Growth(text, tokens);
    }

    /// <summary>Characters at the end that a stop string may begin with.</summary>
    private int Held()
    {
        int held = 0;
        foreach (string one in stop)
        {
            int length = Math.Min(one.Length - 1, _text.Length - _sent);
            while (length > held && !EndsWith(one.AsSpan(0, length))) length--;
            held = Math.Max(held, length);
        }

        return held;
    }

    private bool EndsWith(ReadOnlySpan<char> end)
    {
        int from = _text.Length - end.Length, i = 0;
        if (from < 0) return false;
        while (i < end.Length && _text[from + i] == end[i]) i++;
        return i == end.Length;
    }
}
