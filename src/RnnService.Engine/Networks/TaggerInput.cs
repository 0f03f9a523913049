namespace RnnService.Engine.Networks;

/// <summary>A sentence as a tagger reads it: its words and the ids of their tokens. Immutable.</summary>
public sealed class TaggerInput
{
    internal TaggerInput(string[] forms, int[] ids, int unknown = -1, int ranks = 1, int[]? ends = null)
    {
        (Forms, Ids, Ranks, Ends) = (forms, ids, ranks, ends);
        IsUnknown = !ids.AsSpan().ContainsAnyExcept(unknown);
    }

    /// <summary>Number of words.</summary>
    public int Length => Ends?.Length ?? Ids.Length;

    /// <summary>Number of tokens: of subwords one or more a word, else the words.</summary>
    public int Tokens => Ids.Length;

    /// <summary>Whether the model knows none of the words; also where there is none.</summary>
    public bool IsUnknown { get; }

    /// <summary>How many labels of each word are asked for: 1, the likeliest, unless alternatives are.</summary>
    public int Ranks { get; }

    internal string[] Forms { get; }

    internal int[] Ids { get; }

    /// <summary>The index of each word's last token; null where every token is a word.</summary>
    internal int[]? Ends { get; }
}
