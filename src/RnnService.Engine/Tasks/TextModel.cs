using System.Collections.Concurrent;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Tasks;

/// <summary>A model of any task. Immutable once loaded and safe for any number of threads.</summary>
public abstract class TextModel
{
    private readonly ConcurrentBag<Workspace> _workspaces = [];

    private protected TextModel(ModelConfig config, ModelVocabulary vocabulary, Parameters parameters)
    {
        config.Validate();
        Config = config;
        Vocabulary = vocabulary;
        Parameters = parameters;
    }

    /// <summary>The model's configuration.</summary>
    public ModelConfig Config { get; }

    /// <summary>The tokens it knows.</summary>
    public ModelVocabulary Vocabulary { get; }

    /// <summary>Its trained values.</summary>
    public Parameters Parameters { get; }

    /// <summary>Builds the model that a configuration describes.</summary>
    /// <exception cref="ArgumentException">The configuration contradicts itself or the vocabulary.</exception>
    public static TextModel Create(ModelConfig config, ModelVocabulary vocabulary, Parameters parameters) => config.Task switch
    {
        ModelTask.LanguageModel => new LanguageModel(config, vocabulary, parameters),
        ModelTask.Classifier => new Classifier(config, vocabulary, parameters),
        ModelTask.Tagger => new Tagger(config, vocabulary, parameters),
        _ => throw new ArgumentOutOfRangeException(nameof(config), config.Task, "not a task"),
    };

    /// <summary>
    /// What the model answers to a text, in a form that can be kept and compared: a classifier's labels best first, a tagger's label a
    /// word, a language model's likeliest next token after each token with the log-probability of the actual one.
    /// </summary>
    /// <exception cref="ArgumentException">The text has no token.</exception>
    public abstract ModelAnswer Answer(string input);

    /// <summary>Packs the weights anew after a trainer changed them.</summary>
    internal abstract void Refresh();

    /// <summary>Runs a pass without a way back on a workspace of its own.</summary>
    private protected T Infer<T>(Func<Pass, T> run)
    {
        if (!_workspaces.TryTake(out Workspace? workspace)) workspace = new Workspace();
        try
        {
            return run(new Pass(workspace));
        }
        finally
        {
            workspace.Reset();
            _workspaces.Add(workspace);
        }
    }

    private protected Recurrent NewRecurrent(Parameters parameters, int inputSize) => new(
        Config.Cell, parameters, "rnn", inputSize, Config.HiddenSize, Config.Layers, Config.Bidirectional);
}

/// <summary>The vocabularies of a model: <c>vocab.json</c>.</summary>
/// <param name="Tokens">Characters or words that become embeddings.</param>
/// <param name="Characters">Characters that spell words out, for a tagger with a character network.</param>
public sealed record ModelVocabulary(Vocabulary Tokens, Vocabulary? Characters = null);

/// <summary>An answer that can be kept and compared.</summary>
/// <param name="Labels">Labels or tokens.</param>
/// <param name="Scores">A probability or log-probability for each.</param>
public sealed record ModelAnswer(IReadOnlyList<string> Labels, IReadOnlyList<float> Scores);
