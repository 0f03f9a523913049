using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Recipes;

namespace RnnService.Training.Objectives;

/// <summary>What one part of a batch gave: the summed loss in nats, over how many predictions, from how many tokens.</summary>
internal readonly record struct ShardResult(double Loss, long Predictions, long Tokens);

/// <summary>
/// A task as its training sees it: a model made for a corpus, batches in an order that the seed, epoch and step fix, and the gradient of
/// each part of a batch. A checkpoint holds only <see cref="Carried"/>: everything else can be computed again.
/// </summary>
/// <param name="start">The model that the training starts from; null for random weights.</param>
internal abstract class Objective(BaseModel? start = null)
{
    private BaseModel? _start = start; // until the new model is made

    /// <summary>The model in training.</summary>
    public abstract Model Model { get; }

    /// <summary>What is trained: the model's parameters, and after them those that its training alone has.</summary>
    public virtual Parameters Parameters => Model.Parameters;

    /// <summary>Packs what is trained anew after it changed.</summary>
    public virtual void Refresh() => Model.Refresh();

    /// <summary>The model as it is kept, on the same weights: with what the last evaluation chose on the validation part, such as thresholds.</summary>
    public virtual Model Kept => Model;

    /// <summary>What was read to train on.</summary>
    public abstract CorpusFingerprint Train { get; }

    /// <summary>What was read to evaluate on.</summary>
    public abstract CorpusFingerprint Valid { get; }

    /// <summary>What was read, and what is odd about it.</summary>
    public abstract CorpusReport Report { get; }

    /// <summary>What the model has of the one that the training starts from; null where it starts from random weights.</summary>
    public TakenOver? TakenOver { get; private set; }

    /// <summary>State that lives from step to step beside the weights.</summary>
    public virtual IReadOnlyList<float[]> Carried => [];

    /// <summary>The most tokens of a step.</summary>
    public abstract long MostTokens { get; }

    /// <summary>Number of steps in an epoch.</summary>
    public abstract int StepsIn(int epoch);

    /// <summary>Number of steps before an epoch.</summary>
    public virtual long StepsUpTo(int epoch)
    {
        const int most = 1_000_000; // of those that are added up; nobody lives to see more
        long sum = 0;
        for (int earlier = 0; earlier < Math.Min(epoch, most); earlier++) sum += StepsIn(earlier);
        return sum + (Math.Max(0L, epoch - most) * StepsIn(0));
    }

    /// <summary>Prepares the batch of a step. Steps come in order; a resumed run begins at any of them.</summary>
    public abstract void Begin(int epoch, int index);

    /// <summary>
    /// Adds the gradient of the summed loss of one part of the batch. Parts may run side by side, each with its own pass and gradients.
    /// </summary>
    public abstract ShardResult Run(int shard, Pass pass, Gradients gradients);

    /// <summary>Puts weights that a step changed back to where the objective keeps them.</summary>
    public virtual void Constrain()
    {
    }

    /// <summary>The input whose answer is kept with the model.</summary>
    public virtual string GoldenInput(Recipe recipe) => recipe.GoldenInput;

    /// <summary>Scores the model on the validation corpora.</summary>
    public abstract ValidationScore Evaluate();

    /// <summary>Reads the corpora of a recipe and makes a model for them.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="dataFolder">Folder that relative corpus paths start from.</param>
    public static Objective Create(Recipe recipe, string dataFolder)
    {
        DataSettings data = recipe.Data with { Train = Locate(recipe.Data.Train), Valid = Locate(recipe.Data.Valid) };
        recipe = recipe with { Data = data };
        if (data.Train.Count == 0) throw new RecipeException("data.train is empty; expected at least one corpus");
        if (recipe.Model.Numbers is not null) return NumberObjective.Read(recipe, data);
        return recipe.Model.Task switch
        {
            ModelTask.LanguageModel => new LanguageObjective(recipe, RunCorpora.ReadText(data)),
            ModelTask.Classifier => new ClassifierObjective(recipe, RunCorpora.ReadLabelled(data)),
            ModelTask.Translator => new TranslatorObjective(recipe, RunCorpora.ReadPairs(data)),
            _ => new TaggerObjective(recipe, RunCorpora.ReadTagged(data, recipe.Training.Auxiliary?.Columns ?? [])),
        };

        CorpusSource[] Locate(IReadOnlyList<CorpusSource> sources) =>
        [
            .. sources.Select(source => source with
            {
                Path = Path.Combine(dataFolder, source.Path),
                TargetPath = source.TargetPath is { } targets ? Path.Combine(dataFolder, targets) : null,
            }),
        ];
    }

    /// <summary>The vocabulary of the corpora, or that of the model that the training starts from with what the corpora add.</summary>
    /// <param name="of">Which vocabulary.</param>
    /// <param name="corpora">Makes that of the corpora.</param>
    /// <param name="most">Most tokens.</param>
    private protected Vocabulary Extend(Func<ModelVocabulary, Vocabulary?> of, Func<Vocabulary> corpora, int most = int.MaxValue) =>
        _start?.Extend(of, corpora, most) ?? corpora();

    /// <summary>A model with random weights but for what is taken over, if this machine has the memory to train it.</summary>
    /// <exception cref="RecipeException">It does not.</exception>
    private protected Model NewModel(Recipe recipe, ModelConfig config, ModelVocabulary? vocabulary)
    {
        long weights = Model.ParametersOf(config, vocabulary)
            .Sum(parameter => parameter.Shape.Aggregate(1L, (product, size) => product * size));
        MemoryEstimate.CheckWeights(recipe, weights);
        TrainingSettings settings = recipe.Training;
        Func<int, Initializer>? recurrence = settings.IdentityStart ? Initializer.Identity : settings.RandomStart ? Initializer.Glorot : null;
        Model model = Model.Create(config, vocabulary, Parameters.Random(settings.Seed, recurrence, settings.ForgetBias));
        TakenOver = _start?.CopyTo(model);
        _start = null;
        return model;
    }
}
