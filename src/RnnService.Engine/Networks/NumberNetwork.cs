using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Networks.Inputs;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks;

/// <summary>What the values of a network's inputs and outputs are measured in.</summary>
internal interface IMeasuredNetwork
{
    /// <summary>Of a step's values.</summary>
    Standardization InputUnits { get; }

    /// <summary>Of the outputs; null where they are scores.</summary>
    Standardization? OutputUnits { get; }
}

/// <summary>Sequences of numbers: recurrent layers over standardised steps, and any head.</summary>
/// <param name="parameters">The weights.</param>
/// <param name="input">What standardises the steps.</param>
/// <param name="encoder">The recurrent layers.</param>
/// <param name="head">The head.</param>
/// <param name="outputUnits">See <see cref="IMeasuredNetwork"/>.</param>
/// <param name="eachStep">Whether it answers at every step, and not once a sequence.</param>
/// <param name="isCausal">See <see cref="INumberNetwork"/>.</param>
internal sealed class NumberNetwork<THead, TTargets>(
    Parameters parameters, NumberInput input, Recurrent encoder, IHead<THead, TTargets> head, Standardization? outputUnits, bool eachStep, bool isCausal)
    : ComposedNetwork<NumberInput.Trace, THead, TTargets>(parameters, input, encoder, head), INumberNetwork, IMeasuredNetwork
    where THead : struct, IHeadTrace
{
    public bool IsCausal => isCausal;

    public LabelTransitions? Transitions => ((object)Head as CrfHead)?.Transitions;

    public int Outputs => Head.Labels;

    public Standardization InputUnits => input.Units;

    public Standardization? OutputUnits => outputUnits;

    public RecurrentState NewState(int rows) => Encoder.NewState(rows);

    public override void Refresh()
    {
        base.Refresh();
        outputUnits?.Refresh();
    }

    public void Forward(IReadOnlyList<NumberSequence> rows, RecurrentState state, LogitsReader logits, Action? betweenSteps = null)
    {
        int[] read = [.. Enumerable.Range(0, rows.Count).Where(i => rows[i].Steps > 0)];
        if (read.Length == 0) return;
        if (read.Length < rows.Count)
        {
            // Pooling takes no empty rows.
            RecurrentState some = NewState(read.Length);
            for (int i = 0; i < read.Length; i++) some.CopyFrom(state, read[i], i);
            Forward([.. read.Select(i => rows[i])], some, (row, step, found) => logits(read[row], step, found), betweenSteps);
            for (int i = 0; i < read.Length; i++) state.CopyFrom(some, i, read[i]);
            return;
        }

        using Lease lease = Begin(betweenSteps);
        Trace trace = Forward(lease.Pass, rows, state, DropoutRates.None);
        int labels = Head.Labels;
        for (int i = 0; i < rows.Count; i++)
        {
            for (int t = 0; t < (eachStep ? rows[i].Steps : 1); t++)
                logits(i, t, trace.Logits.Span.Slice(Head.AnswerAt(trace.Layout, i, t).Row * labels, labels));
        }
    }

    /// <summary>How far back a loss looks: the norms of each row's gradient of its loss with respect to h after each step.</summary>
    /// <param name="rows">The steps of each row, none empty.</param>
    /// <param name="targets">What should come out.</param>
    /// <returns>Euclidean norms [layers·directions][rows][T], in the order of the state.</returns>
    public float[][][] StateGradients(IReadOnlyList<NumberSequence> rows, TTargets targets)
    {
        using Lease lease = Begin(record: true);
        Trace trace = Forward(lease.Pass, rows, NewState(rows.Count), DropoutRates.None);
        BatchLayout layout = trace.Layout;
        var places = new (int Row, int Step)[layout.Rows];
        for (int row = 0; row < rows.Count; row++)
        {
            for (int t = 0; t < rows[row].Steps; t++) places[layout.RowOf(row, t)] = (row, t);
        }

        float[][][] norms = [.. Enumerable.Range(0, Encoder.Slots).Select(_ => rows.Select(row => new float[row.Steps]).ToArray())];
        Head.Loss(layout, trace.Head, targets, new Gradients(Parameters));
        BackwardToInput(lease.Pass, trace, trace.Logits.Span, gradients: null,
            slot => (row, dh) => norms[slot][places[row].Row][places[row].Step] = ExactSums.Norm(dh));
        return norms;
    }

    /// <summary>Outputs of every row, dropout included.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="rows">The steps of each row, none empty.</param>
    /// <param name="state">In: the start; out: the state after the last step.</param>
    /// <param name="rates">Dropout.</param>
    public Trace Forward(Pass pass, IReadOnlyList<NumberSequence> rows, RecurrentState state, DropoutRates rates)
    {
        Span<int> lengths = pass.Ids(rows.Count).Span;
        for (int i = 0; i < lengths.Length; i++) lengths[i] = rows[i].Steps;
        BatchLayout layout = pass.Layout(lengths);
        return Forward(pass, layout, input.Forward(pass, layout, [.. rows.Select(row => row.Values)], rates.Embedding), state, rates);
    }
}
