namespace RnnService.Engine.Layers;

/// <summary>
/// Where the steps of a ragged batch lie in memory: ordered by falling length, time-major, without padding. Step t holds the
/// <see cref="Active"/>(t) longest sequences side by side from row <see cref="Offset"/>(t) on, so the sequences that are still running
/// always come first, in either direction of time. Immutable.
/// </summary>
internal sealed class BatchLayout
{
    private readonly int[] _lengths; // by rank
    private readonly int[] _order;   // rank → place in the caller's batch
    private readonly int[] _rank;    // place in the caller's batch → rank
    private readonly int[] _offsets; // [T+1]

    private BatchLayout(int[] lengths, int[] order, int[] rank, int[] offsets) =>
        (_lengths, _order, _rank, _offsets) = (lengths, order, rank, offsets);

    /// <summary>N, the number of sequences.</summary>
    public int Batch => _order.Length;

    /// <summary>T, the length of the longest sequence.</summary>
    public int Steps => _offsets.Length - 1;

    /// <summary>R, the number of steps of all sequences together.</summary>
    public int Rows => _offsets[^1];

    /// <summary>The layout of sequences of these lengths, in any order.</summary>
    /// <exception cref="ArgumentException">A length is negative.</exception>
    public static BatchLayout Of(ReadOnlySpan<int> lengths)
    {
        int[] order = new int[lengths.Length], rank = new int[lengths.Length], sorted = new int[lengths.Length];
        for (int i = 0; i < lengths.Length; i++)
        {
            if (lengths[i] < 0) throw new ArgumentException($"length {i} is {lengths[i]}; expected 0 or more", nameof(lengths));
            order[i] = i;
            sorted[i] = -lengths[i];
        }

        Array.Sort(sorted, order);
        // Array.Sort is not stable: equal lengths go by their place, so that a batch of equals keeps its order.
        for (int from = 0; from < order.Length;)
        {
            int to = from + 1;
            while (to < order.Length && sorted[to] == sorted[from]) to++;
            Array.Sort(order, from, to - from);
            from = to;
        }

        int steps = lengths.Length == 0 ? 0 : -sorted[0];
        int[] offsets = new int[steps + 1];
        int active = lengths.Length;
        for (int t = 0; t < steps; t++)
        {
            while (active > 0 && -sorted[active - 1] <= t) active--;
            offsets[t + 1] = offsets[t] + active;
        }

        for (int i = 0; i < order.Length; i++)
        {
            rank[order[i]] = i;
            sorted[i] = -sorted[i];
        }

        return new BatchLayout(sorted, order, rank, offsets);
    }

    /// <summary>Whether it is the layout of these lengths.</summary>
    public bool IsOf(ReadOnlySpan<int> lengths)
    {
        if (lengths.Length != Batch) return false;
        for (int place = 0; place < lengths.Length; place++)
        {
            if (_lengths[_rank[place]] != lengths[place]) return false;
        }

        return true;
    }

    /// <summary>Number of sequences longer than <paramref name="step"/>.</summary>
    public int Active(int step) => _offsets[step + 1] - _offsets[step];

    /// <summary>First row of a step.</summary>
    public int Offset(int step) => _offsets[step];

    /// <summary>Place in the caller's batch of the sequence with this rank by length.</summary>
    public int PlaceOf(int rank) => _order[rank];

    /// <summary>Rank by length of the sequence at this place of the caller's batch.</summary>
    public int RankOf(int place) => _rank[place];

    /// <summary>Length of the sequence with this rank.</summary>
    public int LengthOfRank(int rank) => _lengths[rank];

    /// <summary>The row of one step of the sequence at this place of the caller's batch.</summary>
    public int RowOf(int place, int step) => _offsets[step] + _rank[place];

    /// <summary>The steps of one sequence side by side: [T,width] from rows [R,width].</summary>
    public void Gather(int place, int width, ReadOnlySpan<float> rows, Span<float> steps)
    {
        for (int t = 0; t < steps.Length / width; t++) rows.Slice(RowOf(place, t) * width, width).CopyTo(steps[(t * width)..]);
    }

    /// <summary>The inverse of <see cref="Gather"/>; the rows of other sequences stay as they are.</summary>
    public void Scatter(int place, int width, ReadOnlySpan<float> steps, Span<float> rows)
    {
        for (int t = 0; t < steps.Length / width; t++) steps.Slice(t * width, width).CopyTo(rows[(RowOf(place, t) * width)..]);
    }

    /// <summary>Rows of one sequence after the other to the layout: packed [R,width] from padded [T,N,width].</summary>
    public void Pack(ReadOnlySpan<float> padded, int width, Span<float> packed)
    {
        for (int t = 0; t < Steps; t++)
        {
            for (int rank = 0; rank < Active(t); rank++)
                padded.Slice((t * Batch + _order[rank]) * width, width).CopyTo(packed[((_offsets[t] + rank) * width)..]);
        }
    }

    /// <summary>The inverse of <see cref="Pack"/>: padded [T,N,width], zero past each sequence's end.</summary>
    public void Unpack(ReadOnlySpan<float> packed, int width, Span<float> padded)
    {
        padded.Clear();
        for (int t = 0; t < Steps; t++)
        {
            for (int rank = 0; rank < Active(t); rank++)
                packed.Slice((_offsets[t] + rank) * width, width).CopyTo(padded[((t * Batch + _order[rank]) * width)..]);
        }
    }
}
