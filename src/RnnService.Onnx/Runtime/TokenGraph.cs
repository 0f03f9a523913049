using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using RnnService.Engine.Weights;
using DataType = RnnService.Onnx.Protos.TensorProto.Types.DataType;

namespace RnnService.Onnx.Runtime;

/// <summary>A row as a graph reads it.</summary>
/// <param name="Ids">Its tokens, one or more.</param>
/// <param name="Spellings">The characters of each word; null without a character network.</param>
internal readonly record struct GraphRow(ReadOnlyMemory<int> Ids, int[][]? Spellings = null);

/// <summary>A loaded graph that reads rows of tokens. Safe for any number of threads.</summary>
internal sealed class TokenGraph(RuntimeSession session, GraphSignature signature, GraphLayout layout, RunOptions options)
{
    private readonly string[] _outputs =
        [signature.Logits, .. signature.States.Select(state => state.Output).Where(output => output.Length > 0)];

    /// <summary>How it wants its rows.</summary>
    public GraphLayout Layout { get; } = layout;

    /// <summary>What its inputs and outputs are.</summary>
    public GraphSignature Signature { get; } = signature;

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
    /// <exception cref="OnnxRuntimeException">An operator fails.</exception>
    /// <exception cref="InvalidOperationException">An output has another type or shape than it should.</exception>
    public Reading Run(ReadOnlySpan<GraphRow> rows, float[] states)
    {
        int batch = BatchOf(rows.Length), time = rows[0].Ids.Length, width = Signature.StateSize;
        if (states.Length == 0) states = new float[Slots * batch * width];
        List<string> names = [];
        List<OrtValue> values = [];
        try
        {
            int[] ids = new int[batch * time], lengths = new int[batch];
            for (int n = 0; n < batch; n++)
            {
                ReadOnlySpan<int> row = rows[Math.Min(n, rows.Length - 1)].Ids.Span;
                lengths[n] = row.Length;
                for (int t = 0; t < row.Length; t++) ids[Place(n, t, batch, time)] = row[t];
            }

            long[] grid = Layout.TimeMajor ? [time, batch] : [batch, time];
            Integers(Signature.Ids, ids, grid);
            if (Signature.Lengths is { } counts) Integers(counts, lengths, [batch]);
            if (Signature.Characters is { } characters) Spell(rows, characters, grid);
            for (int i = 0, slot = 0; i < Signature.States.Count; slot += Signature.States[i++].Slots)
            {
                GraphState state = Signature.States[i];
                names.Add(state.Input.Name);
                Memory<float> part = states.AsMemory(slot * batch * width, state.Slots * batch * width);
                values.Add(OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, part, [state.Slots, batch, width]));
            }

            var reading = new Reading(this, session.Run(options, names, values, _outputs), batch, time);
            try
            {
                reading.CheckShapes();
                return reading;
            }
            catch
            {
                reading.Dispose();
                throw;
            }
        }
        finally
        {
            foreach (OrtValue value in values) value.Dispose();
        }

        void Spell(ReadOnlySpan<GraphRow> rows, GraphInput characters, long[] grid)
        {
            int longest = 1;
            foreach (GraphRow row in rows)
            {
                foreach (int[] word in row.Spellings!) longest = Math.Max(longest, word.Length);
            }

            int[] ids = new int[batch * time * longest], lengths = new int[batch * time];
            for (int n = 0; n < batch; n++)
            {
                int[][] words = rows[Math.Min(n, rows.Length - 1)].Spellings!;
                for (int t = 0; t < words.Length; t++)
                {
                    int place = Place(n, t, batch, time);
                    lengths[place] = words[t].Length;
                    words[t].CopyTo(ids.AsSpan(place * longest));
                }
            }

            Integers(characters, ids, [.. grid, longest]);
            Integers(Signature.CharacterLengths!, lengths, grid);
        }

        void Integers(GraphInput input, int[] numbers, long[] shape)
        {
            names.Add(input.Name);
            values.Add(input.Type == DataType.Int32
                ? OrtValue.CreateTensorValueFromMemory(numbers, shape)
                : OrtValue.CreateTensorValueFromMemory(Array.ConvertAll(numbers, number => (long)number), shape));
        }
    }

    private int Place(int row, int step, int batch, int time) => Layout.TimeMajor ? step * batch + row : row * time + step;

    /// <summary>What a run gave. Not thread-safe.</summary>
    internal sealed class Reading(TokenGraph graph, IDisposableReadOnlyCollection<OrtValue> outputs, int batch, int time) : IDisposable
    {
        /// <summary>The logits after a token of a row, or of the row as a whole; they may be overwritten.</summary>
        public Span<float> Logits(int row, int step)
        {
            int size = graph.Signature.OutputSize, place = graph.Signature.AnswersTokens ? graph.Place(row, step, batch, time) : row;
            return outputs[0].GetTensorMutableDataAsSpan<float>().Slice(place * size, size);
        }

        /// <summary>Writes the state after each row's last token: [slots, batch, H].</summary>
        public void CopyStates(Span<float> target)
        {
            for (int i = 1; i < outputs.Count; i++)
            {
                ReadOnlySpan<float> part = outputs[i].GetTensorDataAsSpan<float>();
                part.CopyTo(target);
                target = target[part.Length..];
            }
        }

        public void CheckShapes()
        {
            int size = graph.Signature.OutputSize;
            Check(
                outputs[0], graph.Signature.Logits,
                !graph.Signature.AnswersTokens ? [batch, size] : graph.Layout.TimeMajor ? [time, batch, size] : [batch, time, size]);
            for (int i = 1; i < outputs.Count; i++)
            {
                GraphState state = graph.Signature.States[i - 1];
                Check(outputs[i], state.Output, [state.Slots, batch, graph.Signature.StateSize]);
            }
        }

        public void Dispose() => outputs.Dispose();

        private static void Check(OrtValue output, string name, int[] wanted)
        {
            string place = $"output {WeightFormatException.Quote(name)}";
            if (!output.IsTensor) throw new InvalidOperationException($"{place}: no tensor found; one wanted");
            OrtTensorTypeAndShapeInfo found = output.GetTensorTypeAndShape();
            if (found.ElementDataType != TensorElementType.Float)
                throw new InvalidOperationException($"{place}: {found.ElementDataType} found; float wanted");
            int[] shape = [.. found.Shape.Select(size => (int)size)];
            if (!shape.SequenceEqual(wanted))
            {
                throw new InvalidOperationException(
                    $"{place}: {WeightFormatException.Show(shape)} found; {WeightFormatException.Show(wanted)} wanted");
            }
        }
    }
}
