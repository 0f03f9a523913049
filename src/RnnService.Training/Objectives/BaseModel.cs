using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Training.Recipes;

namespace RnnService.Training.Objectives;

/// <summary>The model that a training starts from: see <see cref="Recipe.From"/>. Narrow weights (bf16, int8) are widened.</summary>
internal sealed class BaseModel
{
    private const string HeadWeight = "head.weight", HeadBias = "head.bias", Encoder = "rnn.", Base = "base.";

    private readonly Model _model;
    private readonly string _path, _hash;

    private BaseModel(LoadedModel loaded, string path) => (_model, _path, _hash) = (loaded.Model, path, loaded.Sha256);

    /// <summary>Loads the model that a recipe starts from; null where it starts from nothing.</summary>
    /// <exception cref="RecipeException">There is none, or not the one that the recipe names, or the recipe does not fit it.</exception>
    public static BaseModel? Open(Recipe recipe)
    {
        if (recipe.From is not { } path) return null;
        BaseSettings.Check(recipe.Model, path);
        LoadedModel loaded;
        try
        {
            loaded = ModelFolder.Load(path);
        }
        catch (ModelFolderException error)
        {
            throw BaseSettings.Wrong(path, error);
        }

        if (recipe.FromWeights is { } hash && hash != loaded.Sha256)
        {
            loaded.Dispose();
            throw new RecipeException($"from_weights is {hash}; expected {loaded.Sha256}, that of the weights in {path}, or the model that the recipe was made with");
        }

        return new BaseModel(loaded, path);
    }

    /// <summary>
    /// The vocabulary of a model that starts from this one: its tokens keep their ids, and those of the corpora that it does not know follow.
    /// Subwords stay as they are, since they spell everything.
    /// </summary>
    /// <param name="of">Which of its vocabularies.</param>
    /// <param name="corpora">Makes that of the corpora.</param>
    /// <param name="most">Most tokens; those of this model all stay.</param>
    public Vocabulary Extend(Func<ModelVocabulary, Vocabulary?> of, Func<Vocabulary> corpora, int most = int.MaxValue)
    {
        Vocabulary own = of(((TextModel)_model).Vocabulary)!;
        return own.Merges is null ? own.Extend(corpora(), most) : own;
    }

    /// <summary>Copies what a new model shares with this one: see <see cref="TakenOver"/>.</summary>
    public TakenOver CopyTo(Model model)
    {
        bool sameTask = model.Config.Task == _model.Config.Task;
        (string[] old, string[] now) = (OutputsOf(_model), OutputsOf(model));
        var places = old.Index().ToDictionary(output => output.Item, output => output.Index, StringComparer.Ordinal);
        int[] rows = [.. now.Select(output => places.GetValueOrDefault(output, -1))];
        var own = _model.Parameters.All.ToDictionary(parameter => parameter.Name);
        // Features of another pooling are others, and so is what is made of them.
        bool takesHead = sameTask && model.Parameters.All.All(
            parameter => parameter.Name != HeadWeight || own.TryGetValue(HeadWeight, out Parameter? from) && from.Shape.Skip(1).SequenceEqual(parameter.Shape.Skip(1)));
        foreach (Parameter parameter in model.Parameters.All)
        {
            bool isHead = IsHead(parameter.Name);
            if (isHead && !takesHead || NameOf(parameter) is not { } name || !own.TryGetValue(name, out Parameter? from)) continue;
            bool isWhole = from.Shape.SequenceEqual(parameter.Shape);
            if (parameter.Name is HeadWeight or HeadBias && rows.Length == parameter.Shape[0] && old.Length == from.Shape[0])
                CopyRows(from, parameter, rows);
            else if (parameter.Name.EndsWith("embedding.weight", StringComparison.Ordinal))
                from.Values.CopyTo(parameter.Data); // what was appended keeps its start
            else if (isWhole && (!isHead || old.SequenceEqual(now)))
                from.Values.CopyTo(parameter.Data);
        }

        model.Refresh();
        int tokens = (_model as TextModel)?.Vocabulary.Tokens.Count ?? 0;
        return new TakenOver(_path, _hash)
        {
            Tokens = tokens,
            NewTokens = (model as TextModel)?.Vocabulary.Tokens.Count - tokens ?? 0,
            Layers = _model.Config.Layers + (_model.Config.Base?.Layers ?? 0),
            Labels = takesHead ? rows.Count(row => row >= 0) : 0,
        };

        // A base is the layers of a language model, under an encoder of its own.
        string? NameOf(Parameter parameter) => model.Config.Base is null || _model.Config.Base is not null ? parameter.Name
            : parameter.Name.StartsWith(Encoder, StringComparison.Ordinal) ? null
            : parameter.Name.StartsWith(Base, StringComparison.Ordinal) ? Encoder + parameter.Name[Base.Length..]
            : parameter.Name;
    }

    // What stands above the encoder: everything but it and what it reads. A tied output layer has a bias of its own alone.
    private static bool IsHead(string name) => !((string[])["embedding.", "characters.", Base, Encoder, "encoder.", "decoder.", "attention.", "bridge.", "input."])
        .Any(part => name.StartsWith(part, StringComparison.Ordinal));

    /// <summary>What each row of the head's matrix is for; empty where rows have no names.</summary>
    private static string[] OutputsOf(Model model) => model switch
    {
        LanguageModel language => [.. language.Vocabulary.Tokens.Tokens],
        Translator translator => [.. translator.TargetTokenizer.Vocabulary.Tokens],
        Transcriber transcriber => ["", .. transcriber.Config.Labels], // the blank first
        _ => [.. model.Config.NetworkLabels],
    };

    private static void CopyRows(Parameter from, Parameter to, int[] rows)
    {
        int width = to.Data.Length / rows.Length;
        for (int row = 0; row < rows.Length; row++)
        {
            if (rows[row] >= 0) from.Values.Slice(rows[row] * width, width).CopyTo(to.Data.AsSpan(row * width));
        }
    }
}
