using Microsoft.ML.OnnxRuntime;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using RnnService.Onnx.Runtime.Runs;
using RnnService.Onnx.Runtime.Sessions;

namespace RnnService.Onnx.Runtime;

/// <summary>
/// A network that reads numbers and that ONNX Runtime computes. Values that it gives are in their own units: what scales them is inside the graph. All
/// parts of its state stand one after the other, row by row. Safe for any number of threads.
/// </summary>
internal sealed class NumberGraph(RuntimeSession session, NumberRun run, LabelTransitions? transitions) : INumberNetwork, IMeasuredNetwork
{
    private const int MostSteps = 1024; // of a run that others continue

    public string Backend => OnnxRuntimeNetwork.Name;

    public long ParameterCount { get; } = run.Signature.ParameterCount;

    public int Outputs => run.Signature.Outputs;

    public LabelTransitions? Transitions => transitions;

    // With transitions an answer depends on what comes.
    public bool IsCausal => run.Layout.Carries && transitions is null;

    public Standardization InputUnits { get; } = None(run.Signature.Features);

    public Standardization? OutputUnits { get; } = None(run.Signature.Outputs);

    /// <summary>How the graph takes its rows.</summary>
    public NumberLayout Layout => run.Layout;

    public void Dispose() => session.Dispose();

    public RecurrentState NewState(int rows) => new(1, rows, IsCausal ? run.Signature.StateSize : 0, hasCellState: false);

    public void Forward(IReadOnlyList<NumberSequence> rows, RecurrentState state, LogitsReader logits, Action? betweenSteps = null)
    {
        // Kept until all is read: where a run fails nothing has moved.
        List<float>[] kept = [.. rows.Select(_ => new List<float>())];
        RecurrentState moved = NewState(rows.Count);
        for (int row = 0; row < rows.Count; row++) moved.CopyFrom(state, row, row);
        int most = Layout.SingleStep ? 1 : Layout.Carries ? MostSteps : int.MaxValue;
        int[] read = new int[rows.Count], next;
        while ((next = [.. rows.Select((row, i) => Math.Min(most, row.Steps - read[i]))]).Any(count => count > 0))
        {
            foreach (int[] group in Layout.Group(next))
            {
                betweenSteps?.Invoke();
                RecurrentState part = NewState(group.Length);
                for (int i = 0; i < group.Length; i++) part.CopyFrom(moved, group[i], i);
                float[][] found = Run([.. group.Select(row => rows[row].Slice(read[row], next[row]))], part);
                for (int i = 0; i < group.Length; i++)
                {
                    moved.CopyFrom(part, i, group[i]);
                    if (!run.Signature.AnswersSteps) kept[group[i]].Clear(); // the answer after the last step counts
                    kept[group[i]].AddRange(found[i]);
                }
            }

            for (int row = 0; row < read.Length; row++) read[row] += next[row];
        }

        for (int row = 0; row < rows.Count; row++) state.CopyFrom(moved, row, row);
        for (int row = 0; row < rows.Count; row++)
        {
            float[] all = [.. kept[row]];
            for (int step = 0; step < all.Length / Outputs; step++) logits(row, step, all.AsSpan(step * Outputs, Outputs));
        }
    }

    private float[][] Run(NumberSequence[] rows, RecurrentState state)
    {
        try
        {
            return run.Compute(rows, state.Hidden);
        }
        catch (RunEndedException error)
        {
            throw new NetworkException($"the graph takes too long for a sequence of {rows[0].Steps} steps; expected fewer", error);
        }
        catch (OnnxRuntimeException error)
        {
            throw new NetworkException($"ONNX Runtime says: {RuntimeSession.Sentence(error)}", error);
        }
        catch (InvalidOperationException error)
        {
            throw new NetworkException(error.Message, error);
        }
    }

    private static Standardization None(int size) =>
        new(Parameters.From((name, _) => [.. Enumerable.Repeat(name.EndsWith("std", StringComparison.Ordinal) ? 1f : 0f, size)]), "units", size);
}
