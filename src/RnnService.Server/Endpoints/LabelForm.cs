using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Server.Endpoints;

/// <summary>How a classifier's numbers become the labels of an answer.</summary>
/// <param name="config">The classifier's configuration.</param>
/// <param name="asked">How it was asked to answer.</param>
internal sealed class LabelForm(ModelConfig config, ClassifyParameters? asked)
{
    private readonly ScoreFunction _function = asked?.FunctionToApply switch
    {
        ClassifyParameters.Sigmoid => ScoreFunction.Sigmoid,
        ClassifyParameters.None => ScoreFunction.None,
        ClassifyParameters.Softmax => ScoreFunction.Softmax,
        _ => config.ScoreFunction,
    };

    /// <summary>Most labels that a text is answered with.</summary>
    public int Most { get; } = asked?.TopK is > 0 and var few ? (int)Math.Min(few, config.Labels.Count) : config.Labels.Count;

    /// <summary>The best labels first, of those that reach their thresholds; ties in the labels' order.</summary>
    /// <param name="logits">Of each label; of no meaning afterwards.</param>
    /// <param name="note">What to say with the best.</param>
    /// <exception cref="NetworkException">A score is infinite or no number.</exception>
    public LabelScore[] Ranked(float[] logits, TextNote note)
    {
        float[] scores = Classifier.Scores(logits, config, _function);
        return Ranked(scores, Order(scores), note);
    }

    /// <summary>The labels and why the best is the best.</summary>
    /// <param name="found">What each token adds.</param>
    /// <param name="read">The text's tokens.</param>
    /// <param name="unknown">The id of tokens that the model does not know.</param>
    /// <param name="note">What to say with the best.</param>
    /// <inheritdoc cref="Ranked(float[], TextNote)" path="/exception"/>
    public ExplainedText Explained(Explanation found, TokenizedText read, int unknown, TextNote note)
    {
        NetworkException.ThrowIfNotFinite([(float)found.Value, (float)found.Baseline, .. found.Contributions]);
        float[][] running = [.. found.Running.Select(logits => Classifier.Scores([.. logits], config, _function))];
        int[] order = Order(running[^1]);
        return new ExplainedText
        {
            Labels = Ranked(running[^1], order, note),
            Explanation = new ExplanationMessage
            {
                Label = config.Labels[found.Label],
                Method = "integrated_gradients",
                Baseline = (float)found.Baseline,
                Value = (float)found.Value,
                CompletenessGap = (float)found.CompletenessGap,
                Steps = found.Steps,
                Tokens = [.. read.Tokens.Select((token, at) => new ExplainedToken
                {
                    Text = token.Text,
                    Start = token.CodePointStart,
                    End = token.CodePointEnd,
                    Known = read.Ids[at] != unknown,
                    Scores = [.. order.Select(label => running[at][label])],
                    Contribution = found.Contributions[at],
                })],
            },
        };
    }

    private LabelScore[] Ranked(float[] scores, int[] order, TextNote note)
    {
        var ranked = new LabelScore[order.Length];
        for (int rank = 0; rank < ranked.Length; rank++)
        {
            TextNote said = rank == 0 ? note : default;
            ranked[rank] = new LabelScore
            {
                Label = config.Labels[order[rank]],
                Score = scores[order[rank]],
                Warning = said.Warning,
                KnownTokens = said.IsUnknown ? 0 : null,
            };
        }

        return ranked;
    }

    private int[] Order(float[] scores)
    {
        int[] order = new int[scores.Length];
        for (int label = 0; label < order.Length; label++) order[label] = label;
        order.AsSpan().Sort(new ByScore(scores));
        int few = 0;
        foreach (int label in order)
        {
            if (few == Most) break;
            if (scores[label] >= ThresholdOf(label)) order[few++] = label;
        }

        return few < order.Length ? order[..few] : order;
    }

    // A model's own are probabilities, of its own kind where each label has one.
    private float ThresholdOf(int label) => (float?)asked?.Threshold
        ?? (_function == ScoreFunction.None || (config.MultiLabel is true && _function != config.ScoreFunction) ? float.NegativeInfinity : config.ThresholdOf(label));

    private readonly struct ByScore(float[] scores) : IComparer<int>
    {
        public int Compare(int one, int other) => scores[other].CompareTo(scores[one]) is var order and not 0 ? order : one.CompareTo(other);
    }
}

/// <summary>What a client should know about a text before it believes the answer.</summary>
/// <param name="Warning">A sentence; null for nothing.</param>
/// <param name="IsUnknown">Whether the model knows none of its tokens.</param>
internal readonly record struct TextNote(string? Warning, bool IsUnknown);
