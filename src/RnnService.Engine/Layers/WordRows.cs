namespace RnnService.Engine.Layers;

/// <summary>
/// The rows that stand for words, where several steps read the pieces of one: what was read forward is taken from a word's last piece, what was read in
/// reverse from its first, so that either has read the whole word. Immutable.
/// </summary>
internal sealed class WordRows
{
    private readonly IReadOnlyList<int[]> _ends;
    private readonly int _pieces; // rows of all pieces
    private readonly int[] _first, _last; // rows of pieces, by row of a word

    /// <summary>Finds the rows.</summary>
    /// <param name="pieces">Where the pieces lie.</param>
    /// <param name="ends">Of each sequence's words the step of the last piece, rising; each word has a piece or more.</param>
    public WordRows(BatchLayout pieces, IReadOnlyList<int[]> ends)
    {
        (_ends, _pieces) = (ends, pieces.Rows);
        Layout = BatchLayout.Of([.. ends.Select(own => own.Length)]);
        (_first, _last) = (new int[Layout.Rows], new int[Layout.Rows]);
        for (int place = 0; place < ends.Count; place++)
        {
            for (int word = 0; word < ends[place].Length; word++)
            {
                int row = Layout.RowOf(place, word);
                _first[row] = pieces.RowOf(place, word == 0 ? 0 : ends[place][word - 1] + 1);
                _last[row] = pieces.RowOf(place, ends[place][word]);
            }
        }
    }

    /// <summary>Where the words lie.</summary>
    public BatchLayout Layout { get; }

    /// <summary>The word that a step of the sequence at this place belongs to.</summary>
    public int WordAt(int place, int step) => Array.FindIndex(_ends[place], end => end >= step);

    /// <summary>Rows of words [words,W] from those of pieces x [R,W].</summary>
    public Memory<float> Forward(Pass pass, Direction direction, ReadOnlySpan<float> x)
    {
        int width = _pieces == 0 ? 0 : x.Length / _pieces, forward = Pool.ForwardPart(direction, width);
        Memory<float> words = pass.Workspace.Take(Layout.Rows * width);
        Span<float> y = words.Span;
        for (int row = 0; row < _last.Length; row++)
        {
            x.Slice(_last[row] * width, forward).CopyTo(y[(row * width)..]);
            x.Slice(_first[row] * width + forward, width - forward).CopyTo(y[(row * width + forward)..]);
        }

        return words;
    }

    /// <summary>Backward: the gradient of the pieces' rows [R,W] from that of the words'. No piece is the first, or the last, of two words.</summary>
    public Memory<float> Backward(Pass pass, Direction direction, ReadOnlySpan<float> dy)
    {
        int width = Layout.Rows == 0 ? 0 : dy.Length / Layout.Rows, forward = Pool.ForwardPart(direction, width);
        Memory<float> pieces = pass.Workspace.TakeZeros(_pieces * width);
        Span<float> dx = pieces.Span;
        for (int row = 0; row < _last.Length; row++)
        {
            dy.Slice(row * width, forward).CopyTo(dx[(_last[row] * width)..]);
            dy.Slice(row * width + forward, width - forward).CopyTo(dx[(_first[row] * width + forward)..]);
        }

        return pieces;
    }
}
