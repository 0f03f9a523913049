using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks.Inputs;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Networks;

/// <summary>
/// The half of a translator that writes: recurrent layers over the tokens so far, attention over the source at every step, and of both the
/// attentional vector h̃ = tanh(W [c;s] + b) (Luong et al. 2015) that the output layer reads and, with input feeding, the next step too. Without
/// attention h̃ = tanh(W s + b). One text serves a batch of whole targets and a single step. Immutable but for <see cref="Refresh"/>.
/// </summary>
internal sealed class Decoder
{
    private readonly TokenInput _input;
    private readonly Recurrent _recurrent;
    private readonly Linear? _feed; // what h̃ adds to the next step's input projection
    private readonly Attention? _attention;
    private readonly Linear _combine;
    private readonly int _contextSize, _joint; // C, and C+H: a row of context and state side by side

    /// <summary>Asks for the parameters.</summary>
    /// <param name="parameters">Where the weights come from.</param>
    /// <param name="embedding">Of the target's tokens.</param>
    /// <param name="recurrent">The layers, in the forward direction, over embeddings.</param>
    /// <param name="attention">How it attends.</param>
    /// <param name="inputFeeding">Whether a step reads the last one's h̃.</param>
    /// <param name="valueSize">C, width of the encoder's output.</param>
    /// <param name="outputSize">F, width of h̃.</param>
    public Decoder(
        Parameters parameters, Embedding embedding, Recurrent recurrent, AttentionKind attention, bool inputFeeding, int valueSize, int outputSize)
    {
        (_input, _recurrent, OutputSize) = (new TokenInput(embedding), recurrent, outputSize);
        if (inputFeeding) _feed = new Linear(parameters, "decoder.feed", outputSize, recurrent.GatesSize, bias: false, recurrent.GatesSize / recurrent.HiddenSize);
        if (attention != AttentionKind.None) _attention = new Attention(attention, parameters, "attention", valueSize, recurrent.HiddenSize);
        _contextSize = _attention is null ? 0 : valueSize;
        _joint = _contextSize + recurrent.HiddenSize;
        _combine = new Linear(parameters, "attention.combine", _joint, outputSize);
    }

    /// <summary>F, the width of h̃.</summary>
    public int OutputSize { get; }

    /// <summary>What attends; null for none.</summary>
    public Attention? Attention => _attention;

    /// <summary>A zero state for this many sequences, which attend to nothing yet.</summary>
    public RecurrentState NewState(int rows) => _recurrent.NewState(rows, _feed is null ? 0 : OutputSize);

    /// <summary>Makes ready to read tokens.</summary>
    /// <param name="pass">The pass.</param>
    /// <param name="layout">Where the steps lie.</param>
    /// <param name="ids">Token ids [R]; kept until backward, and changed by <see cref="Replace"/>.</param>
    /// <param name="state">In: the start, with what each sequence attends to; out: the state after its last token, once the run has ended.</param>
    /// <param name="rates">Dropout.</param>
    /// <param name="replaces">Whether tokens are replaced between the steps.</param>
    public Reading Begin(Pass pass, BatchLayout layout, Memory<int> ids, RecurrentState state, DropoutRates rates, bool replaces = false)
    {
        int most = 0;
        for (int place = 0; place < layout.Batch; place++) most = Math.Max(most, _attention is null ? 0 : state.Sources[place]?.Length ?? 0);
        TokenInput.Trace tokens = _input.Forward(pass, layout, ids, _recurrent, rates);
        Memory<float> joint = pass.Workspace.Take(layout.Rows * _joint);
        var run = new Reading
        {
            Pass = pass,
            Layout = layout,
            Ids = ids,
            Tokens = tokens,
            State = state,
            Steps = _recurrent.Open(
                pass, layout, tokens.Rows, projectAtOnce: !replaces, state, joint[_contextSize..], _joint, rates.Between),
            Joint = joint,
            Output = pass.Workspace.Take(layout.Rows * OutputSize),
            Queries = _attention is { HasQueries: true } ? pass.Workspace.Take(layout.Rows * _attention.Size) : default,
            Weights = pass.Workspace.Take(layout.Rows * most),
            MostWeights = most,
            Fed = _feed is null ? default : pass.Workspace.Take((pass.Record ? layout.Rows : layout.Batch) * OutputSize),
        };
        return run;
    }

    /// <summary>Takes another token than was given for a step that is not taken yet.</summary>
    /// <param name="run">A run that was begun to have tokens replaced.</param>
    /// <param name="t">The step.</param>
    /// <param name="rank">The sequence's rank.</param>
    /// <param name="id">The token.</param>
    public void Replace(Reading run, int t, int rank, int id)
    {
        int row = run.Layout.Offset(t) + rank;
        run.Ids.Span[row] = id;
        _input.Replace(run.Pass, run.Tokens, row, rank);
    }

    /// <summary>Takes a step; they come in order.</summary>
    public void Step(Reading run, int t)
    {
        int row = run.Layout.Offset(t), n = run.Layout.Active(t);
        run.Pass.BetweenSteps?.Invoke();
        Span<float> gates = run.Steps.Project(t);
        if (_feed is not null)
        {
            Span<float> fed = run.Fed.Span.Slice(run.Pass.Record ? row * OutputSize : 0, n * OutputSize);
            if (t > 0) run.OutputOf(t - 1, OutputSize)[..fed.Length].CopyTo(fed);
            for (int rank = 0; t == 0 && rank < n; rank++)
                run.State.Fed.AsSpan(run.Layout.PlaceOf(rank) * OutputSize, OutputSize).CopyTo(fed[(rank * OutputSize)..]);
            _feed.Add(n, fed, OutputSize, gates, run.Pass);
        }

        run.Steps.Step(t);
        Span<float> joint = run.Joint.Span.Slice(row * _joint, n * _joint);
        if (_attention is not null) Attend(run, _attention, row, n, joint);
        Span<float> output = run.OutputOf(t, OutputSize);
        _combine.Forward(n, joint, output, run.Pass);
        Activations.Tanh(output, output);
    }

    /// <summary>Puts what the last steps left into the caller's state.</summary>
    public void End(Reading run)
    {
        run.Steps.End();
        BatchLayout layout = run.Layout;
        for (int rank = 0; rank < layout.Batch; rank++)
        {
            int place = layout.PlaceOf(rank), length = layout.LengthOfRank(rank);
            if (length == 0) continue;
            int row = layout.RowOf(place, length - 1);
            if (_feed is not null) run.Output.Span.Slice(row * OutputSize, OutputSize).CopyTo(run.State.Fed.AsSpan(place * OutputSize));
            if (_attention is not null) run.WeightsOf(row, run.SourceOf(rank).Length).CopyTo(run.State.Sources[place]!.Weights);
        }
    }

    /// <summary>Backward.</summary>
    /// <param name="run">A recorded run that has ended; used up.</param>
    /// <param name="dOutput">[R,F], the gradient of h̃; used up.</param>
    /// <param name="dState">Takes the gradient of the start.</param>
    /// <param name="sources">Takes the gradients of what was attended to.</param>
    /// <param name="gradients">Of the parameters.</param>
    public void Backward(Reading run, Span<float> dOutput, RecurrentState dState, SourceGradients sources, Gradients gradients)
    {
        (BatchLayout layout, Workspace workspace) = (run.Layout, run.Pass.Workspace);
        int size = _recurrent.HiddenSize, batch = layout.Batch;
        Span<float> dFed = _feed is null ? default : workspace.TakeZeros(batch * OutputSize).Span;
        Span<float> dJoint = workspace.Take(batch * _joint).Span, dTop = workspace.Take(batch * size).Span;
        Span<float> dQueries = run.Queries.IsEmpty ? default : workspace.TakeZeros(run.Queries.Length).Span;
        run.Steps.BeginBackward();
        for (int t = layout.Steps - 1; t >= 0; t--)
        {
            run.Pass.BetweenSteps?.Invoke();
            int row = layout.Offset(t), n = layout.Active(t);
            Span<float> dHere = dOutput.Slice(row * OutputSize, n * OutputSize), dJointHere = dJoint[..(n * _joint)], dTopHere = dTop[..(n * size)];
            if (_feed is not null) TensorPrimitives.Add(dHere, dFed[..dHere.Length], dHere);
            Activations.TanhBackward(run.OutputOf(t, OutputSize), dHere, dHere);
            dJointHere.Clear();
            _combine.BackwardToInput(n, dHere, dJointHere);
            for (int rank = 0; rank < n; rank++) dJointHere.Slice(rank * _joint + _contextSize, size).CopyTo(dTopHere[(rank * size)..]);
            if (_attention is not null) AttendBackward(run, _attention, row, n, dJointHere, dTopHere, dQueries, sources, gradients);
            Span<float> dGates = run.Steps.StepBackward(t, dTopHere);
            if (_feed is null) continue;
            Span<float> dFedHere = dFed[..(n * OutputSize)];
            dFedHere.Clear();
            _feed.BackwardToInput(n, dGates, dFedHere);
        }

        int rows = layout.Rows;
        _combine.AddGradients(rows, run.Joint.Span, _joint, dOutput, gradients, workspace);
        _feed?.AddGradients(rows, run.Fed.Span, OutputSize, run.Steps.GatesGradient, gradients, workspace);
        if (!dQueries.IsEmpty) _attention!.AddQueryGradients(rows, run.Joint.Span[_contextSize..], _joint, dQueries, gradients, workspace);
        _input.Backward(run.Pass, layout, run.Tokens, run.Steps.EndBackward(dState, gradients), gradients);
    }

    public void Refresh()
    {
        _recurrent.Refresh();
        _feed?.Refresh();
        _attention?.Refresh();
        _combine.Refresh();
    }

    private void Attend(Reading run, Attention attention, int row, int n, Span<float> joint)
    {
        if (attention.HasQueries) attention.MakeQueries(run.Pass, n, joint[_contextSize..], _joint, run.Queries.Span[(row * attention.Size)..]);
        for (int rank = 0; rank < n; rank++)
        {
            AttendedSource source = run.SourceOf(rank);
            Span<float> here = joint.Slice(rank * _joint, _joint);
            attention.Attend(source, QueryOf(run, attention, row + rank, here), run.WeightsOf(row + rank, source.Length), here[.._contextSize]);
        }
    }

    private void AttendBackward(
        Reading run, Attention attention, int row, int n, ReadOnlySpan<float> dJoint, Span<float> dTop, Span<float> dQueries, SourceGradients sources,
        Gradients gradients)
    {
        int width = attention.Size;
        Span<float> dQuery = attention.HasQueries ? dQueries.Slice(row * width, n * width) : dTop;
        for (int rank = 0; rank < n; rank++)
        {
            AttendedSource source = run.SourceOf(rank);
            int first = sources.First[run.Layout.PlaceOf(rank)];
            attention.Backward(
                source, QueryOf(run, attention, row + rank, run.Joint.Span.Slice((row + rank) * _joint, _joint)),
                run.WeightsOf(row + rank, source.Length), dJoint.Slice(rank * _joint, _contextSize), dQuery.Slice(rank * width, width),
                sources.Keys.Span.Slice(first * width, source.Length * width),
                sources.Values.Span.Slice(first * _contextSize, source.Length * _contextSize), gradients);
        }

        if (attention.HasQueries) attention.QueriesBackward(n, dQuery, dTop);
    }

    /// <summary>The query of a row: made of its state, or the state itself.</summary>
    private ReadOnlySpan<float> QueryOf(Reading run, Attention attention, int row, ReadOnlySpan<float> joint) =>
        attention.HasQueries ? run.Queries.Span.Slice(row * attention.Size, attention.Size) : joint[_contextSize..];

    /// <summary>Gradients of what the sequences of a batch attend to, one source after the other.</summary>
    /// <param name="First">For each sequence the row of its source's first token.</param>
    /// <param name="Keys">[rows,A].</param>
    /// <param name="Values">[rows,C].</param>
    internal readonly record struct SourceGradients(int[] First, Memory<float> Keys, Memory<float> Values);

    /// <summary>A batch that is being read.</summary>
    internal sealed class Reading
    {
        public required Pass Pass { get; init; }

        public required BatchLayout Layout { get; init; }

        public required Memory<int> Ids { get; init; }

        public required TokenInput.Trace Tokens { get; init; }

        public required RecurrentState State { get; init; }

        public required SteppedRun Steps { get; init; }

        /// <summary>[R,C+H], context and state of every step.</summary>
        public required Memory<float> Joint { get; init; }

        /// <summary>h̃ [R,F].</summary>
        public required Memory<float> Output { get; init; }

        /// <summary>[R,A].</summary>
        public required Memory<float> Queries { get; init; }

        /// <summary>[R,<see cref="MostWeights"/>].</summary>
        public required Memory<float> Weights { get; init; }

        public required int MostWeights { get; init; }

        /// <summary>The h̃ that each step read [R,F]; of the step under way alone [N,F] where nothing is recorded.</summary>
        public required Memory<float> Fed { get; init; }

        public Span<float> OutputOf(int t, int size) => Output.Span.Slice(Layout.Offset(t) * size, Layout.Active(t) * size);

        public Span<float> WeightsOf(int row, int length) => Weights.Span.Slice(row * MostWeights, length);

        public AttendedSource SourceOf(int rank) => State.Sources[Layout.PlaceOf(rank)]!;
    }
}
