using RnnService.Engine.Networks;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Models;

/// <summary>
/// A model of any task: what stands around a network. Immutable once loaded and safe for any number of threads; whoever made it disposes of
/// it once nobody uses it any more.
/// </summary>
public abstract class Model : IDisposable
{
    private protected Model(ModelConfig config) => Config = config;

    /// <summary>The model's configuration.</summary>
    public ModelConfig Config { get; }

    /// <summary>What computes its numbers.</summary>
    public abstract INetwork Network { get; }

    /// <summary>The trained values of a network of this engine's own.</summary>
    /// <exception cref="InvalidOperationException">Something else computes.</exception>
    public Parameters Parameters => Native.Parameters;

    private NativeNetwork Native => Network as NativeNetwork
        ?? throw new InvalidOperationException($"{Network.Backend} computes this model: it has no parameters here");

    /// <summary>Whether it can be looked into while it reads a text: a network of another origin tells its answers alone.</summary>
    public bool CanInspect => Network is IInspectableNetwork;

    /// <summary>Builds the model that a configuration describes, computed by this engine.</summary>
    /// <param name="config">What it is.</param>
    /// <param name="vocabulary">The tokens of a model that reads text; null for one that reads numbers.</param>
    /// <param name="parameters">Its weights.</param>
    /// <exception cref="ArgumentException">The configuration contradicts itself or the vocabulary.</exception>
    public static Model Create(ModelConfig config, ModelVocabulary? vocabulary, Parameters parameters)
    {
        CheckAgreement(config, vocabulary);
        return OfChecked(config, vocabulary, NativeNetworks.Create(config, vocabulary, parameters));
    }

    /// <summary>As <see cref="Create"/>, of what was checked, computed by any network of the task.</summary>
    /// <exception cref="ArgumentException">The network is of another task.</exception>
    internal static Model OfChecked(ModelConfig config, ModelVocabulary? vocabulary, INetwork network) => (config.Task, network) switch
    {
        (ModelTask.Classifier, INumberNetwork numbers) => new NumberClassifier(config, numbers),
        (ModelTask.Tagger, INumberNetwork numbers) => new NumberTagger(config, numbers),
        (ModelTask.Regressor, INumberNetwork numbers) => new Regressor(config, numbers),
        (ModelTask.Forecaster, INumberNetwork numbers) => new Forecaster(config, numbers),
        (ModelTask.Transcriber, INumberNetwork numbers) => new Transcriber(config, numbers),
        (ModelTask.LanguageModel, ILanguageNetwork language) => new LanguageModel(config, vocabulary!, language),
        (ModelTask.Classifier, IClassifierNetwork classifier) => new Classifier(config, vocabulary!, classifier),
        (ModelTask.Tagger, ITaggerNetwork tagger) => new Tagger(config, vocabulary!, tagger),
        (ModelTask.Translator, ITranslatorNetwork translator) => new Translator(config, vocabulary!, translator),
        _ => throw new ArgumentException($"task is {SnakeCase.Of(config.Task)}, but the network is a {network.GetType().Name}", nameof(network)),
    };

    /// <summary>The names and shapes of the parameters that a configuration asks for; nothing of their size is allocated.</summary>
    /// <param name="config">What the model is.</param>
    /// <param name="vocabulary">The tokens of a model that reads text; null for one that reads numbers.</param>
    /// <exception cref="ArgumentException">The configuration contradicts itself or the vocabulary.</exception>
    public static IReadOnlyList<(string Name, IReadOnlyList<int> Shape)> ParametersOf(ModelConfig config, ModelVocabulary? vocabulary)
    {
        CheckAgreement(config, vocabulary);
        Parameters shapes = Parameters.ShapesOnly();
        NativeNetworks.Create(config, vocabulary, shapes);
        return [.. shapes.All.Select(parameter => (parameter.Name, parameter.Shape))];
    }

    /// <summary>
    /// What the model answers to an input, in a form that can be kept and compared: a classifier's labels best first, a tagger's label a
    /// word, a language model's likeliest next token after each token with the log-probability of the actual one, a translator's greedy translation.
    /// </summary>
    /// <param name="input">A text; for a model that reads numbers their JSON, a list of steps.</param>
    /// <exception cref="ArgumentException">The text has no token.</exception>
    public abstract ModelAnswer Answer(string input);

    /// <summary>Lets go of what the network holds.</summary>
    public void Dispose()
    {
        Network.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The model with the same weights, as far as they were rounded, that multiplies them as 32-bit floats.</summary>
    internal Model InSinglePrecision()
    {
        Dictionary<string, float[]> values = Parameters.All.ToDictionary(parameter => parameter.Name, parameter => parameter.Data);
        return Create(Config, (this as TextModel)?.Vocabulary, Parameters.From((name, _) => values[name]));
    }

    /// <summary>Packs the weights anew after a trainer changed them.</summary>
    internal void Refresh() => Native.Refresh();

    /// <summary>Checks that a configuration is sound, and a vocabulary one for it.</summary>
    /// <exception cref="ArgumentException">It is not.</exception>
    private protected static void CheckAgreement(ModelConfig config, ModelVocabulary? vocabulary)
    {
        config.Validate();
        if (vocabulary is null != config.Numbers is not null)
        {
            throw new ArgumentException(vocabulary is null
                ? "the vocabulary is missing; expected one, since the model reads text"
                : "a vocabulary is given; expected none (null), since the model reads numbers");
        }

        if (vocabulary is not null) TextModel.CheckVocabulary(config, vocabulary);
    }
}

/// <summary>An answer that can be kept and compared.</summary>
/// <param name="Labels">Labels or tokens.</param>
/// <param name="Scores">A probability or log-probability for each.</param>
public sealed record ModelAnswer(IReadOnlyList<string> Labels, IReadOnlyList<float> Scores);
