using RnnService.Engine.Layers;

namespace RnnService.Engine.Networks;

/// <summary>
/// What computes a model's numbers: token ids in, logits out. The model around it knows text, the network knows
/// none. Safe for any number of threads.
/// </summary>
public interface INetwork : IDisposable
{
    /// <summary>What computes: <c>native</c> or <c>onnxruntime</c>.</summary>
    string Backend { get; }

    /// <summary>Number of trained values.</summary>
    long ParameterCount { get; }
}

/// <summary>
/// A network cannot compute what it was given, though it can compute other tokens: one of another origin may not be made for every length
/// or every token. The message says why, and quotes no text.
/// </summary>
public sealed class NetworkException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>
    /// The one check that stands between a network's numbers and an answer: weights that are finite can still overflow for some text, and
    /// what comes out then is no probability.
    /// </summary>
    /// <exception cref="NetworkException">A score is infinite or no number.</exception>
    public static void ThrowIfNotFinite(params ReadOnlySpan<float> scores)
    {
        foreach (float score in scores)
        {
            if (!float.IsFinite(score)) throw new NetworkException("its scores are not finite numbers: the model's values overflow for this text");
        }
    }
}

/// <summary>Takes the logits of one step of one row; rows come in any order, the steps of a row in theirs.</summary>
/// <param name="row">Index of the row.</param>
/// <param name="step">Index of the token within the row; 0 where a row has one answer.</param>
/// <param name="logits">[labels] or [V]; may be overwritten, and is of no meaning after the call.</param>
public delegate void LogitsReader(int row, int step, Span<float> logits);

/// <summary>The network of a language model.</summary>
public interface ILanguageNetwork : INetwork
{
    /// <summary>A zero state for this many rows.</summary>
    RecurrentState NewState(int rows);

    /// <summary>Reads tokens and gives logits [V] after each token asked for.</summary>
    /// <param name="rows">Token ids of each row; a row may be empty, and then moves nothing.</param>
    /// <param name="from">For each row the index of the first token after which logits are asked for.</param>
    /// <param name="state">In: the state of each row; out: after its last token, from the first call of <paramref name="logits"/> on.</param>
    /// <param name="logits">Takes the logits. Should reading fail before its first call, the states are as they were.</param>
    /// <exception cref="NetworkException">Some of these rows cannot be computed.</exception>
    void Forward(IReadOnlyList<ReadOnlyMemory<int>> rows, IReadOnlyList<int> from, RecurrentState state, LogitsReader logits);
}

/// <summary>The network of a translator: a language model of its target's tokens, whose states begin with what it has read of a source.</summary>
public interface ITranslatorNetwork : ILanguageNetwork
{
    /// <summary>Reads sources.</summary>
    /// <param name="sources">Token ids of each source, none empty.</param>
    /// <param name="betweenSteps">See <see cref="IClassifierNetwork.Forward"/>.</param>
    /// <returns>The states to begin each target with, by reading the end token.</returns>
    /// <exception cref="NetworkException">Some of these sources cannot be computed.</exception>
    RecurrentState Encode(IReadOnlyList<int[]> sources, Action? betweenSteps = null);
}

/// <summary>The network of a classifier.</summary>
public interface IClassifierNetwork : INetwork
{
    /// <summary>Gives the logits [labels] of each text.</summary>
    /// <param name="texts">Token ids of each text, none empty.</param>
    /// <param name="logits">Takes the logits.</param>
    /// <param name="betweenSteps">
    /// Called now and then, by whichever thread computes, as far as the network can be interrupted: a caller that has other things to do does
    /// them there. What it throws ends the reading and comes out of it.
    /// </param>
    /// <exception cref="NetworkException">Some of these texts cannot be computed.</exception>
    void Forward(IReadOnlyList<int[]> texts, LogitsReader logits, Action? betweenSteps = null);
}

/// <summary>The network of a tagger.</summary>
public interface ITaggerNetwork : INetwork
{
    /// <summary>What is added for neighbouring labels; null where every word's label stands by itself.</summary>
    LabelTransitions? Transitions => null;

    /// <summary>Gives the logits [labels] of each word of each sentence.</summary>
    /// <param name="sentences">The sentences; one without words gives nothing.</param>
    /// <param name="logits">Takes the logits.</param>
    /// <param name="betweenSteps">
    /// Called now and then, by whichever thread computes, as far as the network can be interrupted: a caller that has other things to do does
    /// them there. What it throws ends the reading and comes out of it.
    /// </param>
    /// <exception cref="NetworkException">Some of these sentences cannot be computed.</exception>
    void Forward(IReadOnlyList<TaggerInput> sentences, LogitsReader logits, Action? betweenSteps = null);
}

/// <summary>The network of a model that reads numbers.</summary>
public interface INumberNetwork : INetwork
{
    /// <summary>How many values it gives at a time.</summary>
    int Outputs { get; }

    /// <summary>What is added for neighbouring labels; null where every step's answer stands by itself.</summary>
    LabelTransitions? Transitions => null;

    /// <summary>Whether it reads forward alone, so that pieces with carried states give what the whole gives.</summary>
    bool IsCausal { get; }

    /// <summary>A zero state for this many rows.</summary>
    RecurrentState NewState(int rows);

    /// <summary>
    /// Reads steps and gives outputs: one row of them a step, or, where a sequence has one answer, one after its last step.
    /// </summary>
    /// <param name="rows">The steps of each row, finite numbers all; a row may be empty, moves nothing then and gives nothing.</param>
    /// <param name="state">In: the state of each row; out: after its last step.</param>
    /// <param name="logits">Takes the outputs, before any softmax.</param>
    /// <param name="betweenSteps">See <see cref="IClassifierNetwork.Forward"/>.</param>
    /// <exception cref="NetworkException">Some of these rows cannot be computed.</exception>
    void Forward(IReadOnlyList<NumberSequence> rows, RecurrentState state, LogitsReader logits, Action? betweenSteps = null);
}
