using Microsoft.ML.OnnxRuntime;
using RnnService.Onnx.Runtime.Sessions;
using RnnService.Onnx.Runtime.Signatures;
using DataType = RnnService.Onnx.Format.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Runtime.Runs;

/// <summary>A row as a graph reads it.</summary>
/// <param name="Ids">Its tokens, one or more.</param>
/// <param name="Characters">The characters of each word; null without a character network.</param>
/// <param name="Ends">Where the last token of each word stands, of a graph that asks for it; null where every token is a word.</param>
internal readonly record struct GraphRow(ReadOnlyMemory<int> Ids, int[][]? Characters = null, int[]? Ends = null);

/// <summary>A loaded graph that reads rows of tokens. Safe for any number of threads.</summary>
internal sealed class TokenGraph(RuntimeSession session, GraphSignature signature, GraphLayout layout, RunLimit limit)
{
    private readonly string[] _outputs =
        [signature.Answer.Name, .. signature.States.Select(state => state.Output).Where(output => output.Length > 0)];

    /// <summary>How it takes its rows.</summary>
    public GraphLayout Layout { get; } = layout;

    /// <summary>What its inputs and outputs are.</summary>
    public GraphSignature Signature { get; } = signature;

    /// <summary>What was assumed about it, a sentence each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Slots of the state, all parts together.</summary>
    public int Slots { get; } = signature.States.Sum(state => state.Slots);

    /// <summary>Rows of a state for this many rows: as many, or all that a fixed batch has.</summary>
    public int BatchOf(int rows) => Layout.Batch ?? rows;

    /// <summary>
    /// Reads rows, the longest first. A fixed batch is filled up with the last of them. What stands past a row's length is of no meaning,
    /// and where the layout is not ragged there is no such place.
    /// </summary>
    /// <param name="rows">The rows, as the layout groups them.</param>
    /// <param name="states">[slots, <see cref="BatchOf"/>, H], read where the graph has a state; empty for zero.</param>
    /// <param name="padding">Places of padding after the longest row.</param>
    /// <exception cref="OnnxRuntimeException">An operator fails.</exception>
    /// <exception cref="InvalidOperationException">An output has another type or shape than it should.</exception>
    /// <exception cref="RunEndedException">It took longer than it may.</exception>
    public GraphReading Run(ReadOnlySpan<GraphRow> rows, float[] states, int padding = 0)
    {
        int batch = BatchOf(rows.Length), time = rows[0].Ids.Length + padding, width = Signature.StateSize;
        if (states.Length == 0) states = new float[Slots * batch * width];
        List<string> names = [];
        List<OrtValue> values = [];
        try
        {
            int[] ids = new int[batch * time], lengths = new int[batch], mask = new int[batch * time];
            if (Layout.MaskInverted) Array.Fill(mask, 1);
            for (int n = 0; n < batch; n++)
            {
                ReadOnlySpan<int> row = rows[Math.Min(n, rows.Length - 1)].Ids.Span;
                lengths[n] = row.Length;
                for (int t = 0; t < row.Length; t++)
                {
                    ids[Place(n, t, batch, time)] = row[t];
                    mask[Place(n, t, batch, time)] = Layout.MaskInverted ? 0 : 1;
                }
            }

            long[] grid = Layout.TimeMajor ? [time, batch] : [batch, time];
            Add(Signature.Ids, ids, grid);
            if (Signature.Lengths is { } counts) Add(counts, lengths, counts.Sizes.Length == 1 ? [batch] : [batch, 1]);
            if (Signature.Mask is { } marks) Add(marks, mask, grid);
            foreach (GraphInput segments in Signature.Segments) Add(segments, new int[batch * time], grid);
            if (Signature.Characters is { } characters) Spell(rows, characters, grid);
            if (Signature.WordEnds is { } words) Add(words, EndsOf(rows), [batch, time]);
            for (int i = 0, slot = 0; i < Signature.States.Count; slot += Signature.States[i++].Slots)
            {
                GraphState state = Signature.States[i];
                names.Add(state.Input.Name);
                Memory<float> part = states.AsMemory(slot * batch * width, state.Slots * batch * width);
                values.Add(OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, part, [state.Slots, batch, width]));
            }

            return new GraphReading(this, session.Run(limit, names, values, _outputs), batch, time);
        }
        finally
        {
            foreach (OrtValue value in values) value.Dispose();
        }

        // As many as tokens, so that answers lie as ids do; there are no more words.
        int[] EndsOf(ReadOnlySpan<GraphRow> rows)
        {
            int[] ends = new int[batch * time];
            for (int n = 0; n < batch; n++)
            {
                GraphRow row = rows[Math.Min(n, rows.Length - 1)];
                (row.Ends ?? [.. Enumerable.Range(0, row.Ids.Length)]).CopyTo(ends.AsSpan(n * time));
            }

            return ends;
        }

        void Spell(ReadOnlySpan<GraphRow> rows, GraphInput characters, long[] grid)
        {
            int longest = 1;
            foreach (GraphRow row in rows)
            {
                foreach (int[] word in row.Characters!) longest = Math.Max(longest, word.Length);
            }

            int[] ids = new int[batch * time * longest], lengths = new int[batch * time];
            for (int n = 0; n < batch; n++)
            {
                int[][] words = rows[Math.Min(n, rows.Length - 1)].Characters!;
                for (int t = 0; t < words.Length; t++)
                {
                    int place = Place(n, t, batch, time);
                    lengths[place] = words[t].Length;
                    words[t].CopyTo(ids.AsSpan(place * longest));
                }
            }

            Add(characters, ids, [.. grid, longest]);
            Add(Signature.CharacterLengths!, lengths, grid);
        }

        void Add(GraphInput input, int[] numbers, long[] shape)
        {
            names.Add(input.Name);
            values.Add(input.Type switch
            {
                DataType.Int32 => OrtValue.CreateTensorValueFromMemory(numbers, shape),
                DataType.Int16 => As(number => (short)number),
                DataType.Int8 => As(number => (sbyte)number),
                DataType.Uint64 => As(number => (ulong)number),
                DataType.Uint32 => As(number => (uint)number),
                DataType.Uint16 => As(number => (ushort)number),
                DataType.Uint8 => As(number => (byte)number),
                DataType.Float => As(number => (float)number),
                DataType.Double => As(number => (double)number),
                DataType.Bool => As(number => number != 0),
                _ => As(number => (long)number),
            });

            OrtValue As<T>(Converter<int, T> convert) where T : unmanaged =>
                OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(numbers, convert), shape);
        }
    }

    /// <summary>Where a token of a row stands among the ids.</summary>
    public int Place(int row, int step, int batch, int time) => Layout.TimeMajor ? step * batch + row : row * time + step;
}
