using System.Text.Json;
using RnnService.Engine.Models;
using RnnService.Engine.Text;

namespace RnnService.Training.Recipes;

/// <summary>Everything that makes a model but the corpus itself: <c>recipe.json</c>. Immutable.</summary>
public sealed record Recipe
{
    /// <summary>
    /// The model's configuration. Labels are found in the corpus and need not be given.
    /// </summary>
    public required ModelConfig Model { get; init; }

    /// <summary>
    /// The folder of a model that the training starts from: embeddings, layers and vocabulary are taken over, and new words are added. Of the same task,
    /// or a language model for a classifier or a tagger. What <see cref="Model"/> leaves open is as in it. Null starts from random weights.
    /// </summary>
    public string? From { get; init; }

    /// <summary>The SHA-256 of the weights that the training starts from, in lower case: other ones are refused. A run writes it.</summary>
    public string? FromWeights { get; init; }

    /// <summary>The corpora and the vocabulary made of them.</summary>
    public required DataSettings Data { get; init; }

    /// <summary>How it is trained.</summary>
    public TrainingSettings Training { get; init; } = new();

    /// <summary>
    /// The text whose answer is kept with the model and checked at every load; of numbers their JSON, or nothing for some steps of the corpus.
    /// </summary>
    public required string GoldenInput { get; init; }

    /// <summary>Reads a recipe, and changes settings of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="settings">Settings by dotted path, such as <c>training.learning_rate=0.001</c>; a value is JSON, or else a text.</param>
    /// <exception cref="RecipeException">The file or a setting is wrong; the message names file, setting, value and what was expected.</exception>
    public static Recipe Read(string path, params IEnumerable<string> settings) => RecipeJson.Read(path, settings);

    /// <summary>The same recipe but for some settings.</summary>
    /// <param name="settings">Settings by dotted path, as for <see cref="Read"/>.</param>
    /// <exception cref="RecipeException">A setting is wrong; the message names it, its value and what was expected.</exception>
    public Recipe With(params IEnumerable<string> settings)
    {
        Validate(Data.Train.Count > 0); // numbers that are not finite cannot be written
        return RecipeJson.Change(JsonSerializer.SerializeToNode(this, RecipeJson.Options), settings, Data.Train.Count > 0);
    }

    /// <summary>The recipe as its file has it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, RecipeJson.Options) + "\n";

    /// <summary>Checks every bound, and that the settings fit each other. Corpora are not touched.</summary>
    /// <exception cref="RecipeException">A setting is wrong: the message says which, what it is and what was expected.</exception>
    public void Validate() => Validate(namesCorpora: true);

    /// <summary>As the public one.</summary>
    /// <param name="namesCorpora">Whether the recipe has to name its corpora; else they are given beside it.</param>
    internal void Validate(bool namesCorpora)
    {
        try
        {
            RecipeSettings.CheckBounds(this, "");
            ModelConfig model = WithStandIns(Model);
            WithPath("model.generation.", () => model.Generation?.Validate());
            WithPath("model.", model.Validate);
            if (string.IsNullOrEmpty(GoldenInput) && Model.Numbers is null) throw new ArgumentException("golden_input is empty; expected a text");
            if (From?.Length == 0) throw new ArgumentException("from is empty; expected the folder of a model, or none (null)");
            if (FromWeights is not null && From is null) throw new ArgumentException("from_weights is given; expected none (null) without from");
            Data.Validate(namesCorpora);
            if (Model.Tokenizer == Tokenization.Subwords && Data.MaxVocabulary < SubwordTrainer.FewestTokens)
            {
                throw new ArgumentException(
                    $"data.max_vocabulary is {Data.MaxVocabulary}; expected {SubwordTrainer.FewestTokens} (all bytes) or more, since model.tokenizer is subwords");
            }

            Training.Validate(model);
            NetworkSize.Check(model);
        }
        catch (ArgumentException error)
        {
            throw new RecipeException(error.Message, error);
        }

        // Labels and features come from the corpus; some stand in for them so that everything else is checked before any corpus is read.
        static ModelConfig WithStandIns(ModelConfig model)
        {
            if (model.Task is not (ModelTask.LanguageModel or ModelTask.Forecaster) && model.Labels.Count == 0) model = model with { Labels = model.Tags is null ? ["a", "b"] : ["B-a", "I-a", "O"] };
            return model.Numbers is not { Features: 0 } numbers
                ? model
                : model with { Numbers = numbers with { Features = numbers.Audio?.Features ?? Math.Max(1, numbers.Names.Count) } };
        }

        static void WithPath(string path, Action check)
        {
            try
            {
                check();
            }
            catch (ArgumentException error)
            {
                throw new ArgumentException(path + error.Message, error);
            }
        }
    }
}
