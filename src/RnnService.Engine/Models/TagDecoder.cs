using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;

namespace RnnService.Engine.Models;

/// <summary>
/// Makes labels and their probabilities of what a tagger's network gives for all steps of a sequence: each step's likeliest label, or with a
/// conditional random field the likeliest string of labels and each label's probability over all strings. Where the network marks spans in
/// another way than the answers, both are brought into the answers' labels. Immutable and safe for any number of threads.
/// </summary>
internal sealed class TagDecoder
{
    private readonly ModelConfig _config;
    private readonly Func<LabelTransitions?> _transitions; // of a network in training they change
    private readonly SpanScheme _inner, _outer;
    private readonly bool _converts;
    private readonly int[] _outerOf; // the answers' label of each of the network's
    private readonly bool _isStrict;

    /// <param name="config">What the model is.</param>
    /// <param name="transitions">Gives what is added for neighbouring labels as it is now; null for nothing.</param>
    public TagDecoder(ModelConfig config, Func<LabelTransitions?> transitions)
    {
        (_config, _transitions, _converts) = (config, transitions, config.Tags is not null);
        (_inner, _outer) = (SpanScheme.Of(config.NetworkLabels), SpanScheme.Of(config.Labels));
        (Outputs, Labels) = (config.NetworkLabels.Count, config.Labels.Count);
        _isStrict = _converts || _inner.IsStrict;
        _outerOf = [.. config.NetworkLabels.Select((label, i) => _converts ? OuterOf(label) : i)];

        int OuterOf(string label)
        {
            (SpanMark mark, string type) = _inner.Read(label);
            SpanMark outer = mark switch { SpanMark.Single => SpanMark.Begin, SpanMark.End => SpanMark.Inside, _ => mark };
            return config.Labels.Index().First(other => _outer.Read(other.Item) == (outer, type)).Index;
        }
    }

    /// <summary>Number of labels that the network scores.</summary>
    public int Outputs { get; }

    /// <summary>Number of labels in answers.</summary>
    public int Labels { get; }

    /// <summary>The label and the probabilities of every step of one sequence.</summary>
    /// <param name="logits">[T,outputs]; used up.</param>
    /// <param name="labels">[T]; takes indices of the answers' labels.</param>
    /// <param name="scores">[T,labels]; takes the probabilities, and may be the logits where they are as many.</param>
    public void Decode(Span<float> logits, Span<int> labels, Span<float> scores)
    {
        if (labels.IsEmpty) return;
        if (_transitions() is { } transitions)
        {
            LinearChain chain = ChainOf(transitions, logits);
            chain.Best(logits, labels);
            chain.Marginals(logits);
        }
        else
        {
            for (int t = 0; t < labels.Length; t++)
            {
                Span<float> step = logits.Slice(t * Outputs, Outputs);
                _config.ToScores(step);
                labels[t] = TensorPrimitives.IndexOfMax<float>(step);
            }
        }

        if (!_converts)
        {
            if (logits != scores) logits.CopyTo(scores);
            return;
        }

        // Labels first: which steps form a span depends on all of them.
        TagScore[] tags = new TagScore[labels.Length];
        for (int t = 0; t < tags.Length; t++) tags[t] = new TagScore(labels[t], 1);
        _outer.Write(labels.Length, _inner.Join(tags)).CopyTo(labels);
        scores.Clear();
        for (int i = 0; i < logits.Length; i++) scores[i / Outputs * Labels + _outerOf[i % Outputs]] += logits[i];
    }

    /// <summary>−log p of the right labels in nats, and over how many steps: those whose label the model knows, with a conditional random field all or none.</summary>
    /// <param name="logits">[T,outputs]; used up.</param>
    /// <param name="gold">[T], from <see cref="TargetsOf"/>.</param>
    public (double Loss, int Steps) Loss(Span<float> logits, ReadOnlySpan<int> gold)
    {
        if (gold.IsEmpty) return (0, 0);
        if (_transitions() is { } transitions)
        {
            if (gold.Contains(-1)) return (0, 0);
            var chain = new LinearChain(transitions.Start.Span, transitions.Between.Span, transitions.End.Span);
            return (chain.LogPartition(logits) - chain.Score(logits, gold), gold.Length);
        }

        (double loss, int steps) = (0, 0);
        for (int t = 0; t < gold.Length; t++)
        {
            if (gold[t] < 0) continue;
            Span<float> step = logits.Slice(t * Outputs, Outputs);
            _config.ToScores(step);
            loss -= Math.Log(Math.Max(step[gold[t]], 1e-30f));
            steps++;
        }

        return (loss, steps);
    }

    /// <summary>The network's outputs that answer with these labels; −1 for one that is none.</summary>
    /// <param name="labels">Of each step, an index of the answers' labels; −1 for one that is none.</param>
    public int[] TargetsOf(int[] labels)
    {
        if (!_converts) return labels;
        // Beside an unknown label no span is known.
        return labels.Contains(-1)
            ? [.. labels.Select(_ => -1)]
            : _inner.Write(labels.Length, _outer.Join([.. labels.Select(label => new TagScore(label, 1))]));
    }

    /// <summary>The chain without the strings that the labels do not allow, unless none would be left.</summary>
    private LinearChain ChainOf(LabelTransitions transitions, ReadOnlySpan<float> logits)
    {
        if (!_isStrict) return Plain();
        int[] all = [.. Enumerable.Range(0, Outputs)];
        float[] start = transitions.Start.ToArray(), between = transitions.Between.ToArray(), end = transitions.End.ToArray();
        foreach (int i in all)
        {
            if (!_inner.Allows(null, i)) start[i] = float.NegativeInfinity;
            if (!_inner.Allows(i, null)) end[i] = float.NegativeInfinity;
            foreach (int j in all)
            {
                if (!_inner.Allows(i, j)) between[i * Outputs + j] = float.NegativeInfinity;
            }
        }

        var chain = new LinearChain(start, between, end);
        return double.IsNegativeInfinity(chain.LogPartition(logits)) ? Plain() : chain;

        LinearChain Plain() => new(transitions.Start.Span, transitions.Between.Span, transitions.End.Span);
    }
}
