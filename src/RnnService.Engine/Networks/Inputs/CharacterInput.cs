using System.Numerics.Tensors;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks.Inputs;

/// <summary>
/// The character network: a recurrent layer in both directions over a word's characters, whose two last states stand for the word. Every
/// distinct word of a batch is read once.
/// </summary>
internal sealed class CharacterInput
{
    private const int MostWordsTogether = 128; // a step of their characters is then no longer than one of a sentence's words

    private readonly Embedding _embedding;
    private readonly Recurrent _recurrent;
    private readonly Func<string, int[]> _spell;

    /// <summary>Asks for the parameters.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="parameters">Where the weights come from.</param>
    /// <param name="characters">Number of characters it knows.</param>
    /// <param name="embeddingSize">Width of a character's embedding.</param>
    /// <param name="hiddenSize">Width of each direction's state.</param>
    /// <param name="spell">The ids of a word's characters.</param>
    public CharacterInput(
        CellKind cell, Parameters parameters, int characters, int embeddingSize, int hiddenSize, Func<string, int[]> spell)
    {
        _embedding = new Embedding(parameters, "characters.embedding", characters, embeddingSize);
        _recurrent = new Recurrent(cell, parameters, "characters.rnn", embeddingSize, hiddenSize, layers: 1, Direction.Bidirectional);
        _spell = spell;
    }

    /// <summary>Width of what stands for a word: both directions' states, forward first.</summary>
    public int Size => _recurrent.OutputSize;

    /// <summary>Writes what stands for each word into its row.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="words">Where the words lie.</param>
    /// <param name="forms">The words of each sentence as they are written.</param>
    /// <param name="rows">The rows of the words.</param>
    /// <param name="column">The first column to write.</param>
    /// <param name="stride">Floats from row to row.</param>
    public Trace Forward(Pass pass, BatchLayout words, IReadOnlyList<string[]> forms, Span<float> rows, int column, int stride)
    {
        (List<int[]> spellings, int[] wordOf) = Distinct(words, forms);
        // Backward needs one run of all.
        int together = pass.Record ? Math.Max(1, spellings.Count) : MostWordsTogether;
        Span<float> ends = pass.Workspace.Take(spellings.Count * Size).Span; // each word's two last states
        Trace trace = default;
        for (int first = 0; first < Math.Max(1, spellings.Count); first += together)
        {
            int count = Math.Min(together, spellings.Count - first);
            trace = Read(pass, spellings.GetRange(first, count), wordOf, ends.Slice(first * Size, count * Size));
        }

        for (int row = 0; row < wordOf.Length; row++) ends.Slice(wordOf[row] * Size, Size).CopyTo(rows[(row * stride + column)..]);
        return trace;
    }

    /// <summary>Adds the gradients of its parameters from those of the rows.</summary>
    /// <param name="pass">The pass that recorded.</param>
    /// <param name="trace">What forward left.</param>
    /// <param name="dRows">Gradients of the rows of the words.</param>
    /// <param name="column">The first column that forward wrote.</param>
    /// <param name="stride">Floats from row to row.</param>
    /// <param name="gradients">The gradients of the parameters are added.</param>
    public void Backward(Pass pass, in Trace trace, ReadOnlySpan<float> dRows, int column, int stride, Gradients gradients)
    {
        BatchLayout layout = trace.Run.Layout;
        RecurrentState dState = _recurrent.NewState(layout.Batch);
        int size = _recurrent.HiddenSize;
        for (int row = 0; row < trace.WordOf.Length; row++)
        {
            for (int direction = 0; direction < 2; direction++)
            {
                Span<float> sum = dState.Hidden.AsSpan((direction * layout.Batch + trace.WordOf[row]) * size, size);
                TensorPrimitives.Add(sum, dRows.Slice(row * stride + column + direction * size, size), sum);
            }
        }

        Memory<float> none = pass.Workspace.TakeZeros(layout.Rows * Size); // only the last states were used
        Memory<float> dEmbedded = _recurrent.Backward(pass, trace.Run, none, dState, gradients);
        _embedding.Backward(trace.Ids, dEmbedded.Span, _embedding.Size, gradients);
    }

    public void Refresh() => _recurrent.Refresh();

    /// <summary>The spellings of the distinct words, and which of them each row is.</summary>
    private (List<int[]> Spellings, int[] WordOf) Distinct(BatchLayout words, IReadOnlyList<string[]> forms)
    {
        var index = new Dictionary<string, int>(StringComparer.Ordinal);
        var spellings = new List<int[]>();
        int[] wordOf = new int[words.Rows];
        for (int i = 0; i < forms.Count; i++)
        {
            for (int t = 0; t < forms[i].Length; t++)
            {
                string form = forms[i][t];
                if (!index.TryGetValue(form, out int word))
                {
                    index.Add(form, word = spellings.Count);
                    spellings.Add(_spell(form));
                }

                wordOf[words.RowOf(i, t)] = word;
            }
        }

        return (spellings, wordOf);
    }

    /// <summary>Reads words character by character, and writes the last states of both directions of each [words, 2·H].</summary>
    private Trace Read(Pass pass, List<int[]> spellings, int[] wordOf, Span<float> ends)
    {
        BatchLayout layout = BatchLayout.Of([.. spellings.Select(spelling => spelling.Length)]);
        int[] ids = new int[layout.Rows];
        for (int word = 0; word < spellings.Count; word++)
        {
            for (int t = 0; t < spellings[word].Length; t++) ids[layout.RowOf(word, t)] = spellings[word][t];
        }

        Memory<float> embedded = pass.Workspace.Take(layout.Rows * _embedding.Size);
        _embedding.Forward(ids, embedded.Span, _embedding.Size);
        RecurrentState state = _recurrent.NewState(layout.Batch);
        Recurrent.Run run = _recurrent.Forward(pass, layout, embedded, state);
        int size = _recurrent.HiddenSize;
        for (int word = 0; word < spellings.Count; word++)
        {
            for (int direction = 0; direction < 2; direction++)
                state.Hidden.AsSpan((direction * layout.Batch + word) * size, size).CopyTo(ends[((word * 2 + direction) * size)..]);
        }

        return new Trace(ids, wordOf, run);
    }

    /// <summary>The character at each row of the run, and the distinct word of each row of the sentences.</summary>
    internal readonly record struct Trace(int[] Ids, int[] WordOf, Recurrent.Run Run);
}
