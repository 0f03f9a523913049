using System.Numerics.Tensors;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Networks.Inputs;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks;

/// <summary>
/// Reads one sequence and writes another: an encoder, a <see cref="Bridge"/> from its final states to the first of a <see cref="Decoder"/>, and the next
/// token's scores after every step. To whoever continues texts it is a language model whose states begin with a source.
/// </summary>
internal sealed class TranslatorNetwork(
    Parameters parameters, TokenInput input, Recurrent encoder, Bridge bridge, Decoder decoder, NextTokenHead head)
    : NativeNetwork(parameters), ITranslatorNetwork
{
    public RecurrentState NewState(int rows) => decoder.NewState(rows);

    public RecurrentState Encode(IReadOnlyList<int[]> sources, Action? betweenSteps = null)
    {
        using Lease lease = Begin(betweenSteps);
        (BatchLayout layout, Memory<int> ids) = Lay(lease.Pass, [.. sources.Select(source => source.AsMemory())]);
        RecurrentState start = NewState(sources.Count);
        Encoding encoded = Encode(lease.Pass, layout, ids, start, DropoutRates.None);
        for (int place = 0; place < start.Batch; place++)
        {
            if (start.Sources[place] is not { } source) continue;
            start.Sources[place] = new AttendedSource(source.Keys.ToArray(), source.Values.ToArray(), source.Length); // the workspace is another's soon
        }

        return start;
    }

    public void Forward(IReadOnlyList<ReadOnlyMemory<int>> rows, IReadOnlyList<int> from, RecurrentState state, LogitsReader logits)
    {
        using Lease lease = Begin();
        (BatchLayout layout, Memory<int> ids) = Lay(lease.Pass, rows);
        Decoder.Reading run = decoder.Begin(lease.Pass, layout, ids, state, DropoutRates.None);
        for (int t = 0; t < layout.Steps; t++) decoder.Step(run, t);
        decoder.End(run);
        Give(head.Forward(lease.Pass, layout, run.Output.Span, rows, from), head.Labels, rows, from, logits);
    }

    /// <summary>Logits [R,V] after every token of the targets, dropout included.</summary>
    /// <param name="pass">The pass, which records.</param>
    /// <param name="sources">Tokens of each source, one or more.</param>
    /// <param name="inputs">What the decoder reads: the end token, then each target's tokens.</param>
    /// <param name="rates">Dropout: of the embeddings of both, between layers of both, and of h̃ before the output layer.</param>
    /// <param name="sampling">
    /// The probability with which a step reads the token that the network finds likeliest after the step before, and not the one given (scheduled
    /// sampling; Bengio et al. 2015). Which steps do is drawn by the pass's dropout, so that it depends on the keys alone.
    /// </param>
    public Trace Forward(
        Pass pass, IReadOnlyList<ReadOnlyMemory<int>> sources, IReadOnlyList<ReadOnlyMemory<int>> inputs, DropoutRates rates, double sampling = 0)
    {
        (BatchLayout from, int[] sourceIds) = Lay(sources);
        (BatchLayout to, int[] ids) = Lay(inputs);
        RecurrentState start = NewState(sources.Count);
        Encoding encoded = Encode(pass, from, sourceIds, start, rates);
        float[] begun = [.. start.Hidden];
        Decoder.Reading run = decoder.Begin(pass, to, ids, start, rates, replaces: sampling > 0);
        for (int t = 0; t < to.Steps; t++)
        {
            if (t > 0 && sampling > 0) Resample(pass, run, t, sampling);
            decoder.Step(run, t);
        }

        decoder.End(run);
        return new Trace(encoded, begun, run, head.Forward(pass, to, run.Output, rates.Output));
    }

    /// <summary>Backward from the loss of these targets: each input's tokens without the first, then the end token. The trace is used up.</summary>
    /// <param name="pass">The pass that recorded.</param>
    /// <param name="trace">What forward left.</param>
    /// <param name="targets">What should have come out.</param>
    /// <param name="gradients">The gradients of the parameters are added.</param>
    /// <param name="smoothing">How much of a target's probability all tokens share.</param>
    /// <returns>The summed loss in nats, smoothed.</returns>
    public double Backward(Pass pass, in Trace trace, IReadOnlyList<ReadOnlyMemory<int>> targets, Gradients gradients, float smoothing = 0)
    {
        (Encoding encoded, Decoder.Reading run) = (trace.Encoded, trace.Run);
        (BatchLayout from, BatchLayout to) = (encoded.Run.Layout, run.Layout);
        double loss = head.Loss(to, trace.Head, targets, smoothing);
        Memory<float> dOutput = head.Backward(pass, to, trace.Head, trace.Logits.Span, gradients);
        var sources = new Decoder.SourceGradients(
            encoded.First, pass.Workspace.TakeZeros(encoded.Keys.Length), pass.Workspace.TakeZeros(encoded.Values.Length));
        RecurrentState dStart = NewState(to.Batch), dEncoded = encoder.NewState(from.Batch);
        decoder.Backward(run, dOutput.Span, dStart, sources, gradients);
        Memory<float> dHidden = pass.Workspace.TakeZeros(from.Rows * encoder.OutputSize);
        if (decoder.Attention is { } attention)
        {
            attention.KeysBackward(from.Rows, encoded.Values.Span, sources.Keys.Span, sources.Values.Span, gradients, pass.Workspace);
            Arrange(from, encoded.First, dHidden.Span, sources.Values.Span, back: true);
        }

        bridge.Backward(pass, encoded.BridgeInputs, trace.Begun, dStart, dEncoded, gradients);
        Memory<float> dInput = encoder.Backward(pass, encoded.Run, dHidden, dEncoded, gradients);
        input.Backward(pass, from, encoded.Tokens, dInput, gradients);
        return loss;
    }

    public override void Refresh()
    {
        input.Refresh();
        encoder.Refresh();
        bridge.Refresh();
        decoder.Refresh();
        head.Refresh();
    }

    /// <summary>Reads the sources and sets the decoder's states to begin with.</summary>
    private Encoding Encode(Pass pass, BatchLayout layout, Memory<int> ids, RecurrentState start, DropoutRates rates)
    {
        RecurrentState state = encoder.NewState(layout.Batch);
        TokenInput.Trace tokens = input.Forward(pass, layout, ids, encoder, rates);
        Recurrent.Run run = encoder.Forward(pass, layout, tokens.Rows, state, rates.Between);
        int[] first = new int[layout.Batch];
        for (int place = 1; place < first.Length; place++) first[place] = first[place - 1] + LengthOf(place - 1);
        Memory<float> values = default, keys = default;
        if (decoder.Attention is { } attention)
        {
            values = pass.Workspace.Take(layout.Rows * attention.ValueSize);
            keys = pass.Workspace.Take(layout.Rows * attention.Size);
            Arrange(layout, first, run.Output.Span, values.Span, back: false);
            attention.MakeKeys(pass, layout.Rows, values.Span, keys.Span);
            for (int place = 0; place < first.Length; place++)
            {
                start.Sources[place] = new AttendedSource(
                    keys.Slice(first[place] * attention.Size, LengthOf(place) * attention.Size),
                    values.Slice(first[place] * attention.ValueSize, LengthOf(place) * attention.ValueSize), LengthOf(place));
            }
        }

        return new Encoding(tokens, run, bridge.Forward(pass, state, start), first, keys, values);

        int LengthOf(int place) => layout.LengthOfRank(layout.RankOf(place));
    }

    /// <summary>Rows by step [R,C] to rows by sequence, or back.</summary>
    private static void Arrange(BatchLayout layout, int[] first, Span<float> bySteps, Span<float> bySequence, bool back)
    {
        int width = layout.Rows == 0 ? 0 : bySteps.Length / layout.Rows;
        for (int place = 0; place < layout.Batch; place++)
        {
            for (int t = 0; t < layout.LengthOfRank(layout.RankOf(place)); t++)
            {
                Span<float> here = bySteps.Slice(layout.RowOf(place, t) * width, width), there = bySequence.Slice((first[place] + t) * width, width);
                if (back) there.CopyTo(here);
                else here.CopyTo(there);
            }
        }
    }

    /// <summary>Replaces the tokens of some sequences by those that the network finds likeliest after the step before.</summary>
    private void Resample(Pass pass, Decoder.Reading run, int t, double sampling)
    {
        int n = run.Layout.Active(t), size = decoder.OutputSize, count = 0;
        int[] ranks = new int[n];
        for (int rank = 0; rank < n; rank++)
        {
            if (pass.Dropout?.Draw(sampling) == true) ranks[count++] = rank;
        }

        if (count == 0) return;
        Span<float> picked = pass.Workspace.Take(count * size).Span, before = run.OutputOf(t - 1, size);
        for (int i = 0; i < count; i++) before.Slice(ranks[i] * size, size).CopyTo(picked[(i * size)..]);
        Span<float> logits = head.Score(pass, count, picked);
        for (int i = 0; i < count; i++)
            decoder.Replace(run, t, ranks[i], TensorPrimitives.IndexOfMax<float>(logits.Slice(i * head.Labels, head.Labels)));
    }

    private static (BatchLayout Layout, int[] Ids) Lay(IReadOnlyList<ReadOnlyMemory<int>> rows)
    {
        var layout = BatchLayout.Of([.. rows.Select(row => row.Length)]);
        int[] ids = new int[layout.Rows];
        for (int i = 0; i < rows.Count; i++)
        {
            ReadOnlySpan<int> row = rows[i].Span;
            for (int t = 0; t < row.Length; t++) ids[layout.RowOf(i, t)] = row[t];
        }

        return (layout, ids);
    }

    /// <summary>What reading the sources left: keys and values lie one source after the other, from row <c>First</c> on.</summary>
    internal readonly record struct Encoding(
        TokenInput.Trace Tokens, Recurrent.Run Run, Memory<float>[] BridgeInputs, int[] First, Memory<float> Keys, Memory<float> Values);

    /// <summary>What forward left; <c>Begun</c> is h of the decoder's first states.</summary>
    internal readonly record struct Trace(Encoding Encoded, float[] Begun, Decoder.Reading Run, StepHead.Trace Head)
    {
        public Memory<float> Logits => Head.Logits;
    }
}
