namespace RnnService.Engine.Networks;

/// <summary>A sentence as a tagger reads it: its words and their ids. Immutable.</summary>
public sealed class TaggerInput
{
    internal TaggerInput(string[] forms, int[] ids, int unknown = -1, int ranks = 1)
    {
        (Forms, Ids, Ranks) = (forms, ids, ranks);
        IsUnknown = !ids.AsSpan().ContainsAnyExcept(unknown);
    }

    /// <summary>Number of words.</summary>
    public int Length => Ids.Length;

    /// <summary>Whether the model knows none of the words; also where there is none.</summary>
    public bool IsUnknown { get; }

    /// <summary>How many labels of each word are asked for: 1, the likeliest, unless alternatives are.</summary>
    public int Ranks { get; }

    internal string[] Forms { get; }

    internal int[] Ids { get; }
}
