using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Layers;

/// <summary>
/// Weights over the tokens of a source for a decoder's state s, and the sum of its values by these weights (docs/equations.md). Additive:
/// score = v·tanh(W h + U s + b) (Bahdanau et al. 2015); multiplicative: score = s·W h (Luong et al. 2015). A row looks at its own source alone, so
/// nothing is padded or masked. Immutable but for <see cref="Refresh"/>; safe for any number of threads between refreshes.
/// </summary>
internal sealed class Attention
{
    private readonly Linear _key;
    private readonly Linear? _query; // additive alone: a state is its own query else
    private readonly Parameter? _score; // v [A]

    /// <summary>Asks for the parameters.</summary>
    /// <param name="kind">How scores are made.</param>
    /// <param name="parameters">Where the weights come from.</param>
    /// <param name="prefix">What their names begin with.</param>
    /// <param name="valueSize">C, width of the encoder's output.</param>
    /// <param name="stateSize">H, width of the decoder's state, and of keys and queries.</param>
    public Attention(AttentionKind kind, Parameters parameters, string prefix, int valueSize, int stateSize)
    {
        (ValueSize, Size) = (valueSize, stateSize);
        _key = new Linear(parameters, $"{prefix}.key", valueSize, stateSize, bias: false);
        if (kind == AttentionKind.Multiplicative) return;
        _query = new Linear(parameters, $"{prefix}.query", stateSize, stateSize);
        _score = parameters.Add($"{prefix}.score.weight", Initializer.Normal(1 / MathF.Sqrt(stateSize)), stateSize);
    }

    /// <summary>A, the width of keys and queries.</summary>
    public int Size { get; }

    /// <summary>C, the width of values and contexts.</summary>
    public int ValueSize { get; }

    /// <summary>Whether queries are made of states, and not the states themselves.</summary>
    public bool HasQueries => _query is not null;

    /// <summary>Keys [rows,A] of values [rows,C].</summary>
    public void MakeKeys(Pass pass, int rows, ReadOnlySpan<float> values, Span<float> keys) => _key.Forward(rows, values, keys, pass);

    /// <summary>Queries [rows,A] of states, <paramref name="stride"/> floats from row to row.</summary>
    public void MakeQueries(Pass pass, int rows, ReadOnlySpan<float> states, int stride, Span<float> queries) =>
        _query!.Forward(rows, states, stride, queries, pass);

    /// <summary>Looks at a source.</summary>
    /// <param name="source">The source.</param>
    /// <param name="query">[A].</param>
    /// <param name="weights">[S]; takes softmax(scores).</param>
    /// <param name="context">[C]; takes the sum of the values by their weights.</param>
    public void Attend(AttendedSource source, ReadOnlySpan<float> query, Span<float> weights, Span<float> context)
    {
        ReadOnlySpan<float> keys = source.Keys.Span, values = source.Values.Span;
        for (int j = 0; j < weights.Length; j++)
        {
            ReadOnlySpan<float> key = keys.Slice(j * Size, Size);
            weights[j] = _score is null ? AttentionRows.Dot(query, key) : AttentionRows.AdditiveScore(key, query, _score.Values);
        }

        Activations.Softmax(weights);
        context.Clear();
        for (int j = 0; j < weights.Length; j++) AttentionRows.AddScaled(weights[j], values.Slice(j * ValueSize, ValueSize), context);
    }

    /// <summary>Backward of <see cref="Attend"/>; everything is added to.</summary>
    /// <param name="source">The source.</param>
    /// <param name="query">[A].</param>
    /// <param name="weights">[S], as they came out.</param>
    /// <param name="dContext">[C].</param>
    /// <param name="dQuery">[A].</param>
    /// <param name="dKeys">[S,A].</param>
    /// <param name="dValues">[S,C].</param>
    /// <param name="gradients">Of the parameters.</param>
    public void Backward(
        AttendedSource source, ReadOnlySpan<float> query, ReadOnlySpan<float> weights, ReadOnlySpan<float> dContext, Span<float> dQuery, Span<float> dKeys,
        Span<float> dValues, Gradients gradients)
    {
        ReadOnlySpan<float> keys = source.Keys.Span, values = source.Values.Span;
        Span<float> dWeights = stackalloc float[256];
        if (weights.Length > dWeights.Length) dWeights = new float[weights.Length];
        dWeights = dWeights[..weights.Length];
        double mean = 0;
        for (int j = 0; j < weights.Length; j++)
        {
            AttentionRows.AddScaled(weights[j], dContext, dValues.Slice(j * ValueSize, ValueSize));
            dWeights[j] = AttentionRows.Dot(dContext, values.Slice(j * ValueSize, ValueSize));
            mean += (double)weights[j] * dWeights[j];
        }

        Span<float> dScore = _score is null ? default : gradients.Of(_score);
        for (int j = 0; j < weights.Length; j++)
        {
            float d = weights[j] * (dWeights[j] - (float)mean);
            ReadOnlySpan<float> key = keys.Slice(j * Size, Size);
            Span<float> dKey = dKeys.Slice(j * Size, Size);
            if (_score is not null)
            {
                AttentionRows.AdditiveBackward(d, key, query, _score.Values, dKey, dQuery, dScore);
                continue;
            }

            AttentionRows.AddScaled(d, key, dQuery);
            AttentionRows.AddScaled(d, query, dKey);
        }
    }

    /// <summary>dState [rows,H] += what the gradients of queries [rows,A] give.</summary>
    public void QueriesBackward(int rows, ReadOnlySpan<float> dQueries, Span<float> dStates) => _query!.BackwardToInput(rows, dQueries, dStates);

    /// <summary>Adds the gradients that the queries of all steps give.</summary>
    public void AddQueryGradients(
        int rows, ReadOnlySpan<float> states, int stride, ReadOnlySpan<float> dQueries, Gradients gradients, Workspace workspace) =>
        _query!.AddGradients(rows, states, stride, dQueries, gradients, workspace);

    /// <summary>Adds the gradients that the keys of all sources give, and those of the values they are made of to <paramref name="dValues"/>.</summary>
    public void KeysBackward(
        int rows, ReadOnlySpan<float> values, ReadOnlySpan<float> dKeys, Span<float> dValues, Gradients gradients, Workspace workspace)
    {
        _key.AddGradients(rows, values, ValueSize, dKeys, gradients, workspace);
        _key.BackwardToInput(rows, dKeys, dValues);
    }

    public void Refresh()
    {
        _key.Refresh();
        _query?.Refresh();
    }
}
