using RnnService.Engine.Layers;
using RnnService.Engine.Networks;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Networks.Inputs;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Models;

/// <summary>This engine's networks as a configuration describes them. The order in which the parts are made is that of the parameters.</summary>
internal static class NativeNetworks
{
    /// <summary>The network for a configuration and vocabulary that were checked.</summary>
    public static NativeNetwork Create(ModelConfig config, ModelVocabulary? vocabulary, Parameters parameters)
    {
        if (config.Numbers is { } numbers) return NumberNetworks.Create(config, numbers, parameters);
        var embedding = new Embedding(parameters, "embedding", vocabulary!.Tokens.Count, config.EmbeddingSize);
        return config.Task switch
        {
            ModelTask.LanguageModel => Language(config, embedding, vocabulary, parameters),
            ModelTask.Classifier => Classifier(config, embedding, parameters),
            ModelTask.Tagger => Tagger(config, embedding, vocabulary, parameters),
            ModelTask.Translator => Translator(config, config.Decoder!, embedding, vocabulary, parameters),
            _ => throw new ArgumentOutOfRangeException(nameof(config), config.Task, "not a task"),
        };
    }

    private static LanguageNetwork Language(ModelConfig config, Embedding embedding, ModelVocabulary vocabulary, Parameters parameters)
    {
        Recurrent encoder = Encoder(config, parameters, embedding.Size, embedding.Weight);
        NextTokenHead head = config.TieWeights
            ? NextTokenHead.Tied(parameters, embedding)
            : NextTokenHead.Untied(parameters, encoder.OutputSize, vocabulary.Tokens.Count);
        return new LanguageNetwork(parameters, new TokenInput(embedding), encoder, head);
    }

    private static ClassifierNetwork Classifier(ModelConfig config, Embedding embedding, Parameters parameters)
    {
        Recurrent encoder = Encoder(config, parameters, embedding.Size, embedding.Weight);
        var head = new SequenceHead(parameters, encoder.OutputSize, config.Labels.Count, config.Pooling, config.Direction, config.MultiLabel is true);
        return new ClassifierNetwork(parameters, new TokenInput(embedding), encoder, head);
    }

    private static TaggerNetwork Tagger(ModelConfig config, Embedding embedding, ModelVocabulary vocabulary, Parameters parameters)
    {
        CharacterInput? characters = config.Characters is not { } sizes ? null : new CharacterInput(
            config.Cell, parameters, vocabulary.Characters!.Count, sizes.EmbeddingSize, sizes.HiddenSize, vocabulary.Spell);
        var input = new WordInput(embedding, characters);
        Recurrent encoder = Encoder(config, parameters, input.Size, tokens: null);
        return new TaggerNetwork(parameters, input, encoder, LabelsOfSteps(config, parameters, encoder));
    }

    /// <summary>The head of a tagger of any kind.</summary>
    public static IHead<StepHead.Trace, IReadOnlyList<ReadOnlyMemory<int>>> LabelsOfSteps(ModelConfig config, Parameters parameters, Recurrent encoder)
    {
        var steps = new StepHead(parameters, encoder.OutputSize, config.NetworkLabels.Count);
        return config.Crf ? new CrfHead(parameters, steps) : steps;
    }

    private static TranslatorNetwork Translator(
        ModelConfig config, DecoderConfig sizes, Embedding embedding, ModelVocabulary vocabulary, Parameters parameters)
    {
        Recurrent encoder = Encoder(config, parameters, embedding.Size, embedding.Weight, "encoder");
        Embedding written = vocabulary.Targets is { } targets
            ? new Embedding(parameters, "decoder.embedding", targets.Count, config.EmbeddingSize)
            : embedding;
        var recurrent = new Recurrent(
            config.Cell, parameters, "decoder", written.Size, sizes.HiddenSize ?? config.HiddenSize, sizes.Layers, Direction.Forward, written.Weight);
        var bridge = new Bridge(parameters, "bridge", encoder, recurrent);
        var decoder = new Decoder(
            parameters, written, recurrent, sizes.Attention, sizes.InputFeeding, encoder.OutputSize,
            config.TieWeights ? written.Size : recurrent.HiddenSize);
        NextTokenHead head = config.TieWeights
            ? NextTokenHead.Tied(parameters, written)
            : NextTokenHead.Untied(parameters, decoder.OutputSize, written.Weight.Shape[0]);
        return new TranslatorNetwork(parameters, new TokenInput(embedding), encoder, bridge, decoder, head);
    }

    private static Recurrent Encoder(ModelConfig config, Parameters parameters, int inputSize, Parameter? tokens, string prefix = "rnn")
    {
        if (config.Base is not { } sizes)
            return new Recurrent(config.Cell, parameters, prefix, inputSize, config.HiddenSize, config.Layers, config.Direction, tokens);
        var below = new Recurrent(config.Cell, parameters, "base", inputSize, sizes.HiddenSize, sizes.Layers, Direction.Forward);
        return new Recurrent(config.Cell, parameters, prefix, inputSize, config.HiddenSize, config.Layers, config.Direction, below: below);
    }
}
