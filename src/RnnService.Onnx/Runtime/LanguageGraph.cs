using RnnService.Engine.Layers;
using RnnService.Engine.Networks;
using RnnService.Onnx.Runtime.Runs;
using RnnService.Onnx.Runtime.Sessions;

namespace RnnService.Onnx.Runtime;

/// <summary>
/// The network of a language model. All parts of its state stand one after the other in <see cref="RecurrentState.Hidden"/>.
/// </summary>
internal sealed class LanguageGraph(RuntimeSession session, TokenGraph graph, RunPace pace)
    : GraphNetwork(session, graph, pace), ILanguageNetwork
{
    public RecurrentState NewState(int rows) => new(Graph.Slots, rows, Graph.Signature.StateSize, hasCellState: false);

    public void Forward(IReadOnlyList<ReadOnlyMemory<int>> rows, IReadOnlyList<int> from, RecurrentState state, LogitsReader logits)
    {
        int size = Graph.Signature.OutputSize;
        // Kept until all is read: whoever takes the first logits may take the state too, and where a run fails nothing has moved.
        float[][] kept = [.. rows.Select((row, i) => new float[Math.Max(0, row.Length - from[i]) * size])];
        RecurrentState moved = NewState(rows.Count);
        for (int row = 0; row < rows.Count; row++) moved.CopyFrom(state, row, row);
        int[] read = new int[rows.Count], next;
        while ((next = Next(rows, read)).Any(count => count > 0))
        {
            foreach (int[] group in Graph.Layout.Group(next, size))
            {
                RecurrentState part = NewState(Graph.BatchOf(group.Length));
                for (int i = 0; i < group.Length; i++) part.CopyFrom(moved, group[i], i);
                using GraphReading reading = Run(
                    [.. group.Select(row => new GraphRow(rows[row].Slice(read[row], next[row])))], part.Hidden);
                reading.CopyStates(part.Hidden);
                for (int i = 0; i < group.Length; i++)
                {
                    int row = group[i];
                    moved.CopyFrom(part, i, row);
                    for (int step = Math.Max(from[row], read[row]); step < read[row] + next[row]; step++)
                        reading.Logits(i, step - read[row]).CopyTo(kept[row].AsSpan((step - from[row]) * size));
                }
            }

            for (int row = 0; row < read.Length; row++) read[row] += next[row];
        }

        for (int row = 0; row < rows.Count; row++) state.CopyFrom(moved, row, row);
        for (int row = 0; row < rows.Count; row++)
        {
            for (int step = from[row]; step < rows[row].Length; step++)
                logits(row, step, kept[row].AsSpan((step - from[row]) * size, size));
        }
    }

    /// <summary>How many tokens of each row to read next.</summary>
    private int[] Next(IReadOnlyList<ReadOnlyMemory<int>> rows, int[] read)
    {
        int most = Graph.Layout.SingleStep ? 1 : Graph.Layout.Time ?? GraphLayout.MostSteps;
        int[] left = [.. rows.Select((row, i) => Math.Min(most, row.Length - read[i]))];
        // Where there are no lengths, rows read together must end together: all stop where the shortest ends, and the others go on.
        if (!Graph.Layout.Ragged && Graph.Layout.Batch != 1)
        {
            most = left.Where(count => count > 0).DefaultIfEmpty(0).Min();
            for (int i = 0; i < left.Length; i++) left[i] = Math.Min(left[i], most);
        }

        return left;
    }
}
