using System.Text;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Models;

/// <summary>A model that reads text: see <see cref="Model"/>.</summary>
public abstract class TextModel : Model
{
    private protected TextModel(ModelConfig config, ModelVocabulary vocabulary)
        : base(config)
    {
        Vocabulary = vocabulary;
        bool running = config.Task == ModelTask.LanguageModel; // text as it stands, line breaks included
        Tokenizer = Tokenizer.Create(config.Tokenizer, vocabulary.Tokens, lowerCase: config.LowerCase && !running, lineBreaks: running);
    }

    /// <summary>The tokens it knows.</summary>
    public ModelVocabulary Vocabulary { get; }

    /// <summary>How it reads text.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Builds the model that a configuration describes, computed by this engine.</summary>
    /// <exception cref="ArgumentException">The configuration contradicts itself or the vocabulary.</exception>
    public static new TextModel Create(ModelConfig config, ModelVocabulary vocabulary, Parameters parameters) =>
        (TextModel)Model.Create(config, vocabulary, parameters);

    /// <summary>Builds the model that a configuration describes, computed by a network of another origin.</summary>
    /// <exception cref="ArgumentException">The configuration contradicts itself or the vocabulary, or the network is of another task.</exception>
    public static TextModel Create(ModelConfig config, ModelVocabulary vocabulary, INetwork network)
    {
        CheckAgreement(config, vocabulary);
        return (TextModel)OfChecked(config, vocabulary, network);
    }

    /// <summary>What each unit of a layer can show; see <see cref="InspectionOptions.Kind"/>.</summary>
    public IReadOnlyList<ActivationKind> ActivationKinds => Layers.ActivationKinds.Of(Config.Cell);

    /// <summary>The tokens of a text that the model reads.</summary>
    public virtual TokenizedText Read(string text) => Tokenizer.Read(text);

    /// <summary>What the network does while it reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="options">What to look at.</param>
    /// <exception cref="ArgumentException">The options ask for something that this network does not have; the message says what it has.</exception>
    /// <exception cref="InvalidOperationException">It cannot be looked into: <see cref="Model.CanInspect"/>.</exception>
    public Inspection Inspect(string text, InspectionOptions options) => Inspect([Read(text)], [options])[0];

    /// <summary>What the network does while it reads each of several texts. None depends on the others.</summary>
    /// <param name="texts">The texts, from <see cref="Read"/>.</param>
    /// <param name="options">What to look at in each.</param>
    /// <param name="betweenSteps">See <see cref="IClassifierNetwork.Forward"/>.</param>
    /// <exception cref="ArgumentException">The options ask for something that this network does not have; the message says what it has.</exception>
    /// <exception cref="InvalidOperationException">It cannot be looked into: <see cref="Model.CanInspect"/>.</exception>
    /// <exception cref="NetworkException">The network cannot compute one of these texts.</exception>
    public IReadOnlyList<Inspection> Inspect(
        IReadOnlyList<TokenizedText> texts, IReadOnlyList<InspectionOptions> options, Action? betweenSteps = null)
    {
        IInspectableNetwork network = Network as IInspectableNetwork
            ?? throw new InvalidOperationException($"{Network.Backend} computes this model: it cannot be looked into");
        for (int i = 0; i < texts.Count; i++) Check(options[i], texts[i].Ids.Length);
        int[] read = [.. Enumerable.Range(0, texts.Count).Where(i => texts[i].Ids.Length > 0)];
        var found = new Inspection[texts.Count];
        Array.Fill(found, new Inspection { Activations = [] });
        if (read.Length == 0) return found;
        Inspection[] inspections = network.Inspect([.. read.Select(i => texts[i])], [.. read.Select(i => options[i])], betweenSteps);
        for (int i = 0; i < read.Length; i++) found[read[i]] = inspections[i];
        return found;
    }

    /// <summary>Checks that a vocabulary is one for a configuration.</summary>
    /// <exception cref="ArgumentException">It is not.</exception>
    internal static void CheckVocabulary(ModelConfig config, ModelVocabulary vocabulary)
    {
        if (config.Characters is null != vocabulary.Characters is null)
            throw new ArgumentException("one of the character network and the character vocabulary is missing; expected both, or neither");
        foreach (Vocabulary? tokens in (Vocabulary?[])[vocabulary.Tokens, vocabulary.Targets])
        {
            if (tokens is null) continue;
            if (config.Tokenizer == Tokenization.Subwords) _ = new SubwordTokenizer(tokens);
            else if (tokens.Merges is not null) throw new ArgumentException("merges is given; expected none (null) but for subwords");
        }

        if (config.Decoder is { } decoder && decoder.SharedVocabulary != vocabulary.Targets is null)
        {
            throw new ArgumentException(decoder.SharedVocabulary
                ? "targets is given, but decoder.shared_vocabulary is true; expected one vocabulary, or false"
                : "targets is missing, but decoder.shared_vocabulary is false; expected the tokens of the targets, or true");
        }

        if (config.Decoder is null && vocabulary.Targets is not null)
            throw new ArgumentException("targets is given; expected none (null) but for a translator");
        // A language model and a translator leave out what they do not know; a word must have a label.
        if (config.Task is ModelTask.LanguageModel) return;
        if (config.Task is ModelTask.Translator)
        {
            foreach (Vocabulary? tokens in (Vocabulary?[])[vocabulary.Tokens, vocabulary.Targets])
            {
                if (tokens is not { EndId: < 0 }) continue;
                throw new ArgumentException(
                    $"end is none of the {tokens.Count} tokens; expected \"{Text.Vocabulary.End}\" among them, or another named as end");
            }

            return;
        }

        foreach (Vocabulary? tokens in (Vocabulary?[])[vocabulary.Tokens, vocabulary.Characters])
        {
            if (tokens is not { UnknownId: < 0 }) continue;
            throw new ArgumentException(
                $"unknown is none of the {tokens.Count} tokens; expected \"{Text.Vocabulary.Unknown}\" among them, or another named as unknown");
        }
    }

    private void Check(InspectionOptions options, int tokens)
    {
        if (options.Layer < 0 || options.Layer >= Config.Layers) throw Wrong("layer", options.Layer, $"0 to {Config.Layers - 1}");
        if (options.Reverse && Config.Direction == Direction.Forward) throw Wrong("reverse", true, "false, since this model does not read from the end");
        if (!ActivationKinds.Contains(options.Kind))
            throw Wrong("kind", SnakeCase.Of(options.Kind), string.Join(", ", ActivationKinds.Select(kind => SnakeCase.Of(kind))));
        if (options.FirstUnit < 0 || options.FirstUnit >= Config.HiddenSize) throw Wrong("first_unit", options.FirstUnit, $"0 to {Config.HiddenSize - 1}");
        if (options.Units < 1) throw Wrong("units", options.Units, "1 or more");
        int answers = this is LanguageModel ? Vocabulary.Tokens.Count : Config.NetworkLabels.Count;
        if (options.Target is { } target && (target < 0 || target >= answers)) throw Wrong("target", target, $"0 to {answers - 1}");
        if (options.Target is not null && (Config.Crf || Config.MultiLabel is true))
            throw Wrong("target", options.Target, "none (null), since the model does not judge each answer by itself");
        if (options.Gradients && tokens > 0 && (options.At >= tokens || options.At < -tokens)) throw Wrong("at", options.At, $"0 to {tokens - 1}");

        static ArgumentException Wrong(string name, object value, string expected) =>
            new(FormattableString.Invariant($"{name} is {value}; expected {expected}"), nameof(options));
    }
}

/// <summary>The vocabularies of a model: <c>vocab.json</c>.</summary>
/// <param name="Tokens">Characters or words that become embeddings.</param>
/// <param name="Characters">Characters that spell words out, for a tagger with a character network.</param>
/// <param name="Targets">What a translator writes, where it is not what it reads.</param>
public sealed record ModelVocabulary(Vocabulary Tokens, Vocabulary? Characters = null, Vocabulary? Targets = null)
{
    // What a word's spelling tells about its class stands at its ends; the middle of a monster is skipped.
    internal const int HeadCharacters = 40, TailCharacters = 24;

    /// <summary>The ids of the characters that spell a word, for a model with <see cref="Characters"/>.</summary>
    public int[] Spell(string word)
    {
        var ids = new List<int>(word.Length);
        foreach (Rune rune in word.EnumerateRunes()) ids.Add(Characters!.IdOf(rune.ToString()));
        if (ids.Count > HeadCharacters + TailCharacters) ids.RemoveRange(HeadCharacters, ids.Count - HeadCharacters - TailCharacters);
        return [.. ids];
    }
}
