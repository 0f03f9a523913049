using System.Globalization;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Training.Recipes;

namespace RnnService.Training.Tuning;

/// <summary>A setting that is searched, and the values that are tried.</summary>
/// <param name="Setting">Its path.</param>
/// <param name="Usual">Its value in the recipe that the search starts from.</param>
/// <param name="Values">The values, each with what else it needs as settings.</param>
internal sealed record TuningDimension(string Setting, string Usual, IReadOnlyList<TuningValue> Values)
{
    /// <summary>The value among a trial's settings.</summary>
    public string ValueIn(IEnumerable<string> settings)
    {
        string start = Setting + "=";
        return settings.LastOrDefault(setting => setting.StartsWith(start, StringComparison.Ordinal))?[start.Length..] ?? Usual;
    }
}

/// <summary>A value of a setting.</summary>
/// <param name="Value">The value.</param>
/// <param name="Others">Settings that go with it, such as <c>model.bidirectional=false</c>.</param>
internal sealed record TuningValue(string Value, params string[] Others);

/// <summary>The settings that a search tries: some values of each, around those of a recipe.</summary>
internal sealed class TuningSpace
{
    private const double ChangeShare = 0.5; // of the settings of a random candidate

    private readonly Recipe _recipe;
    private readonly List<TuningDimension> _dimensions = [];

    /// <summary>The space around a recipe.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="kept">Settings that stay as they are.</param>
    public TuningSpace(Recipe recipe, IEnumerable<string> kept)
    {
        _recipe = recipe;
        HashSet<string> fixedPaths = [.. kept, .. recipe.From is null ? [] : BaseSettings.Paths];
        (ModelConfig model, TrainingSettings training) = (recipe.Model, recipe.Training);
        bool isText = model.Numbers is null, isClassifier = model.Task == ModelTask.Classifier && isText;
        bool isLanguage = model.Task == ModelTask.LanguageModel, isRecurrent = model.Cell != CellKind.Sum;
        bool oneWidth = !isRecurrent || (model.TieWeights && isLanguage);
        if (isClassifier && !fixedPaths.Overlaps(["model.bidirectional", "model.pooling", "model.layers", "model.hidden_size"]))
        {
            Add("model.cell", Name(model.Cell),
                new TuningValue("sum", "model.bidirectional=false", "model.pooling=last", "model.layers=1"), Recurrent("gru"), Recurrent("lstm"));
        }

        Add("training.learning_rate", Text(training.LearningRate), Multiples(training.LearningRate, 0.25, 0.5, 0.7, 1, 1.4, 2, 4));
        Add("training.batch_size", Text(training.BatchSize),
            [.. Whole(training.BatchSize, 1, 0.5, 1, 2).Where(value => int.Parse(value.Value, CultureInfo.InvariantCulture) >= training.Shards)]);
        Add("training.epochs", Text(training.Epochs), Whole(training.Epochs, 1, 0.5, 1, 2));
        TuningValue[] sizes = Whole(model.HiddenSize, model.HiddenSize < 16 ? 1 : 8, 0.5, 0.75, 1, 1.5, 2);
        if (!oneWidth) Add("model.hidden_size", Text(model.HiddenSize), sizes);
        else if (!fixedPaths.Contains("model.embedding_size")) Add("model.hidden_size", Text(model.HiddenSize), [.. sizes.Select(size => size with { Others = [$"model.embedding_size={size.Value}"] })]);
        if (!oneWidth && isText) Add("model.embedding_size", Text(model.EmbeddingSize), Whole(model.EmbeddingSize, model.EmbeddingSize < 16 ? 1 : 4, 0.5, 1, 1.5, 2));
        if (isRecurrent && isLanguage) Add("model.layers", Text(model.Layers), Values("1", "2", "3"));
        if (isRecurrent && isClassifier) Add("model.pooling", Name(model.Pooling), Values([.. Enum.GetValues<Pooling>().Select(pooling => Name(pooling))]));
        Add("training.dropout.embedding", Text(training.Dropout.Embedding), Values("0", "0.1", "0.2", "0.35", "0.5", "0.65"));
        Add("training.dropout.output", Text(training.Dropout.Output), Values("0", "0.2", "0.35", "0.5", "0.65"));
        if (model.Layers > 1) Add("training.dropout.between", Text(training.Dropout.Between), Values("0", "0.1", "0.2", "0.35", "0.5"));
        if (isText) Add("training.dropout.words", Text(training.Dropout.Words), Values("0", "0.05", "0.1", "0.2"));
        if (isRecurrent) Add("training.dropout.recurrent", Text(training.Dropout.Recurrent), Values("0", "0.2", "0.4"));
        if (isText && (isClassifier || model.Task == ModelTask.Tagger) && model.Tokenizer is Tokenization.English or Tokenization.Whitespace)
            Add("training.unknown_chance", Text(training.UnknownChance), Values("0", "0.25", "0.5", "1"));
        if (isText && model.Task != ModelTask.Tagger) Add("training.label_smoothing", Text(training.LabelSmoothing), Values("0", "0.05", "0.1", "0.2"));
        Add("training.weight_decay", Text(training.WeightDecay), Values("0", "0.001", "0.01", "0.1"));

        void Add(string path, string usual, params TuningValue[] values)
        {
            if (!fixedPaths.Contains(path)) _dimensions.Add(new TuningDimension(path, usual, [.. values.DistinctBy(value => value.Value)]));
        }
    }

    /// <summary>The settings that are searched.</summary>
    public IReadOnlyList<TuningDimension> Dimensions => _dimensions;

    /// <summary>A candidate: some settings drawn anew, the others as in the recipe.</summary>
    public IReadOnlyList<string> Draw(RandomSource random) => Valid(() =>
        Join(_dimensions.Select(dimension => (dimension, random.Uniform() < ChangeShare ? Any(dimension, ref random) : null))));

    /// <summary>A candidate near another: two settings drawn anew.</summary>
    public IReadOnlyList<string> DrawNear(IReadOnlyList<string> other, RandomSource random) => Valid(() =>
    {
        (int one, int two) = (random.Below(_dimensions.Count), random.Below(_dimensions.Count));
        return Join(_dimensions.Select((dimension, i) => (dimension, i == one || i == two ? Any(dimension, ref random) : Same(dimension, other))));
    });

    // Not every choice fits every other; those that do not are drawn again.
    private IReadOnlyList<string> Valid(Func<IReadOnlyList<string>> draw)
    {
        const int most = 50;
        for (int i = 0; i < most; i++)
        {
            IReadOnlyList<string> settings = draw();
            try
            {
                _recipe.With(settings);
                return settings;
            }
            catch (RecipeException)
            {
                // The next draw may fit.
            }
        }

        return [];
    }

    private List<string> Join(IEnumerable<(TuningDimension Dimension, TuningValue? Value)> choices)
    {
        var settings = new List<string>();
        foreach ((TuningDimension dimension, TuningValue? value) in choices)
        {
            if (value is null || (value.Value == dimension.Usual && value.Others.Length == 0)) continue;
            settings.Add($"{dimension.Setting}={value.Value}");
            settings.AddRange(value.Others);
        }

        if (settings.Contains("model.cell=sum"))
        {
            // A sum is as wide as what it adds up, and has no weights to drop or states to pool.
            settings.RemoveAll(setting => setting.StartsWith("model.embedding_size=", StringComparison.Ordinal) || setting.StartsWith("training.dropout.recurrent=", StringComparison.Ordinal)
                || (setting.StartsWith("model.pooling=", StringComparison.Ordinal) && setting != "model.pooling=last"));
            string start = "model.hidden_size=";
            string width = settings.FirstOrDefault(setting => setting.StartsWith(start, StringComparison.Ordinal))?[start.Length..] ?? Text(_recipe.Model.HiddenSize);
            settings.Add($"model.embedding_size={width}");
        }

        return settings;
    }

    private TuningValue Recurrent(string cell) => new(
        cell, _recipe.Model.Cell == CellKind.Sum ? ["model.bidirectional=true", "model.pooling=max"] : []);

    private static TuningValue Any(TuningDimension dimension, ref RandomSource random) => dimension.Values[random.Below(dimension.Values.Count)];

    private static TuningValue? Same(TuningDimension dimension, IReadOnlyList<string> settings)
    {
        string value = dimension.ValueIn(settings);
        return dimension.Values.FirstOrDefault(other => other.Value == value);
    }

    private static TuningValue[] Values(params string[] values) => [.. values.Select(value => new TuningValue(value))];

    private static TuningValue[] Multiples(double usual, params double[] factors) =>
        [.. factors.Select(factor => new TuningValue(factor == 1 ? Text(usual) : Text(double.Parse((usual * factor).ToString("G2", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture))))];

    private static TuningValue[] Whole(int usual, int step, params double[] factors) =>
        [.. factors.Select(factor => factor == 1 ? usual : Math.Max(step, (int)Math.Round(usual * factor / step) * step)).Select(value => new TuningValue(Text(value)))];

    private static string Name(Enum value) => RecipeShape.NameOf(value);

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
