using System.Numerics.Tensors;
using System.Text;
using RnnService.Engine.Generation;
using RnnService.Engine.Kernels;
using RnnService.Engine.Networks;

namespace RnnService.Engine.Models;

/// <summary>What was written down.</summary>
/// <param name="Text">The symbols with what stands between them.</param>
/// <param name="Symbols">The symbols one by one.</param>
public sealed record Transcript(string Text, IReadOnlyList<HeardSymbol> Symbols);

/// <summary>A symbol of a transcript.</summary>
/// <param name="Text">The symbol.</param>
/// <param name="Step">The step at which it is written, from 0.</param>
/// <param name="LogProbability">Natural logarithm of its probability there.</param>
public readonly record struct HeardSymbol(string Text, long Step, float LogProbability);

/// <summary>
/// Writes down what is said in a sequence of numbers, such as the features of speech: a network trained by connectionist temporal classification.
/// Immutable and safe for any number of threads; whoever made it disposes of it.
/// </summary>
public sealed class Transcriber : NumberModel
{
    internal Transcriber(ModelConfig config, INumberNetwork network)
        : base(config, network)
    {
    }

    /// <summary>The symbols in id order; of the network's outputs the first is the blank.</summary>
    public IReadOnlyList<string> Symbols => Config.Labels;

    /// <summary>Loads a transcriber from its folder and checks that it still gives its golden answer.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="cancellationToken">Ends loading.</param>
    /// <exception cref="ModelFolderException">A file is missing or wrong, or the folder holds another kind of model; the message says which.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static Transcriber Load(string path, CancellationToken cancellationToken = default) => ModelFolder.Load<Transcriber>(path, null, cancellationToken);

    /// <summary>What is said in a sequence.</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="beams">Strings followed side by side; 1 takes the likeliest symbol of every step.</param>
    /// <exception cref="ArgumentException">The sequence cannot be read: <see cref="NumberModel.Check"/>.</exception>
    /// <exception cref="NetworkException">The network cannot compute it.</exception>
    public Transcript Transcribe(NumberSequence sequence, int beams = 1) => Transcribe([sequence], beams)[0];

    /// <summary>The same of each of several sequences; what is written for one does not depend on the others.</summary>
    /// <inheritdoc cref="Transcribe(NumberSequence, int)" path="/exception"/>
    /// <param name="sequences">The sequences.</param>
    /// <param name="beams">Strings followed side by side.</param>
    public Transcript[] Transcribe(IReadOnlyList<NumberSequence> sequences, int beams = 1) =>
        [.. InBatches(sequences).Select(logits => Decode(logits, beams))];

    /// <summary>What the outputs [steps·(symbols + 1)] of a sequence say.</summary>
    /// <param name="logits">The outputs.</param>
    /// <param name="beams">Strings followed side by side; 1 takes the likeliest symbol of every step.</param>
    public Transcript Decode(ReadOnlySpan<float> logits, int beams = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(beams, 1);
        return Written(beams == 1 ? CtcDecoder.Greedy(logits, Outputs) : CtcDecoder.Beam(logits, Outputs, beams));
    }

    /// <summary>
    /// Which one symbol a sequence says, all of them, the best first: the probability of each string of one symbol, divided by their sum.
    /// </summary>
    /// <param name="sequence">The sequence.</param>
    /// <inheritdoc cref="Transcribe(NumberSequence, int)" path="/exception"/>
    public IReadOnlyList<LabelScore> Classify(NumberSequence sequence) => OneSymbol(InBatches([sequence])[0]);

    /// <summary>As <see cref="Classify"/>, of the outputs of a sequence.</summary>
    public IReadOnlyList<LabelScore> OneSymbol(ReadOnlySpan<float> logits)
    {
        float[] scores = OneSymbolLogits(logits);
        Activations.Softmax(scores);
        return LabelScore.Ranked(Symbols, scores);
    }

    /// <summary>The natural logarithms of the same scores, in the order of <see cref="Symbols"/>: what logits are to a classifier.</summary>
    public float[] OneSymbolLogits(ReadOnlySpan<float> logits)
    {
        double[] log = CtcLoss.LogSoftmax(logits, Outputs);
        double[] each = [.. Enumerable.Range(1, Symbols.Count).Select(symbol => CtcLoss.LogProbability(log, Outputs, [symbol]))];
        double all = each.Aggregate(CtcLoss.LogSum);
        return [.. each.Select(one => (float)Math.Max(one - all, float.MinValue))]; // finite, however sure the network is
    }

    /// <summary>The start of a sequence that comes in pieces: see <see cref="TranscriptStream.Push"/>.</summary>
    public TranscriptStream NewStream() => new(this);

    /// <summary>A string that was decoded, written down.</summary>
    internal Transcript Written(CtcSymbol[] found)
    {
        HeardSymbol[] symbols = [.. found.Select(Heard)];
        return new Transcript(string.Join(Numbers.Separator, symbols.Select(one => one.Text)), symbols);
    }

    internal HeardSymbol Heard(CtcSymbol found) => new(Symbols[found.Symbol - 1], found.Step, found.LogProbability);

    private protected override ModelAnswer AnswerOf(float[] logits)
    {
        // Of every step the likeliest symbol, a blank too: an answer of several numbers even where nothing is said.
        float[] scores = [.. logits];
        var labels = new string[scores.Length / Outputs];
        float[] best = new float[labels.Length];
        for (int t = 0; t < labels.Length; t++)
        {
            Span<float> row = scores.AsSpan(t * Outputs, Outputs);
            Activations.Softmax(row);
            int symbol = TensorPrimitives.IndexOfMax<float>(row);
            (labels[t], best[t]) = (symbol == CtcLoss.Blank ? "" : Symbols[symbol - 1], row[symbol]);
        }

        return new ModelAnswer(labels, best);
    }
}

/// <summary>
/// Where the writing of a sequence stands whose outputs come in pieces: the likeliest symbol of every step. A value of some bytes; not thread-safe.
/// </summary>
public sealed class TranscriptStream
{
    private readonly Transcriber _model;
    private readonly StringBuilder _text = new();
    private int _last = CtcLoss.Blank;

    internal TranscriptStream(Transcriber model) => _model = model;

    /// <summary>Steps read.</summary>
    public long Steps { get; private set; }

    /// <summary>All that was written so far.</summary>
    public string Text => _text.ToString();

    /// <summary>The symbols that more outputs [steps·(symbols + 1)] add. All pieces together give what <see cref="Transcriber.Decode"/> gives the whole.</summary>
    public IReadOnlyList<HeardSymbol> Push(ReadOnlySpan<float> logits)
    {
        CtcSymbol[] found = CtcDecoder.Greedy(logits, _model.Outputs, _last, Steps);
        if (logits.Length > 0)
        {
            _last = TensorPrimitives.IndexOfMax(logits[^_model.Outputs..]);
            Steps += logits.Length / _model.Outputs;
        }

        HeardSymbol[] symbols = [.. found.Select(_model.Heard)];
        foreach (HeardSymbol symbol in symbols) _text.Append(_text.Length > 0 ? _model.Numbers.Separator : "").Append(symbol.Text);
        return symbols;
    }
}
