using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using RnnService.Training.Objectives;
using RnnService.Training.Runs;

namespace RnnService.Training;

/// <summary>Trains translators from code. Safe for any number of threads; each run uses all processors.</summary>
/// <example>
/// <code>
/// (string Source, string Target)[] pairs = [("Va !", "Go."), ("Au feu !", "Fire!"), …];
/// using TrainedModel&lt;Translator&gt; trained = TranslatorTrainer.Train(pairs, new TrainingOptions { OutputFolder = "models/fr-en" });
/// Console.WriteLine(trained.Model.Translate("Va !"));
/// </code>
/// </example>
public static class TranslatorTrainer
{
    private const string Pairs = "the training pairs", ValidationPairs = "the validation pairs";

    /// <summary>Trains a translator on texts and what is to be made of them: translations, summaries, corrections.</summary>
    /// <param name="pairs">Texts and their translations.</param>
    /// <param name="options">Recipe and output folder; the defaults when null.</param>
    /// <param name="validation">Pairs that choose the best weights; when null, a tenth of the others is split off for it.</param>
    /// <param name="progress">Told after every step, on the calling thread unless it passes the call on, as <see cref="Progress{T}"/> does.</param>
    /// <param name="cancellationToken">Ends the run after the step under way; with an output folder, the same call resumes it.</param>
    /// <returns>The model with the best weights.</returns>
    /// <exception cref="ArgumentException">A pair lacks a side; the message names it.</exception>
    /// <exception cref="InvalidDataException">No pair is short enough for the recipe.</exception>
    /// <exception cref="CorpusException">The pairs are too few to split any off for validation.</exception>
    /// <exception cref="Recipes.RecipeException">The recipe is wrong or of another task, or this machine does not hold its model.</exception>
    /// <exception cref="TrainingDivergedException">A number is no longer finite.</exception>
    /// <exception cref="RunFolderException">The output folder holds a finished model, or a run on other pairs or settings.</exception>
    /// <exception cref="IOException">The output folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public static TrainedModel<Translator> Train(
        IEnumerable<(string Source, string Target)> pairs, TrainingOptions? options = null,
        IEnumerable<(string Source, string Target)>? validation = null, IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Train(pairs.Select(pair => new TextPair(pair.Source, pair.Target)), options,
            validation?.Select(pair => new TextPair(pair.Source, pair.Target)), progress, cancellationToken);

    /// <summary>Trains a translator on pairs, such as <see cref="Corpus.ReadPairs"/> reads them.</summary>
    /// <inheritdoc cref="Train(IEnumerable{ValueTuple{string, string}}, TrainingOptions, IEnumerable{ValueTuple{string, string}}, IProgress{TrainingProgress}, CancellationToken)"/>
    public static TrainedModel<Translator> Train(
        IEnumerable<TextPair> pairs, TrainingOptions? options = null, IEnumerable<TextPair>? validation = null,
        IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        TextPair[] train = Checked(pairs, nameof(pairs), Pairs);
        TextPair[]? valid = validation is null ? null : Checked(validation, nameof(validation), ValidationPairs);
        var corpora = new RunCorpora<TextPair>(train, valid, Pairs, ValidationPairs, []) { IsInMemory = true };
        var run = new MemoryRun(ModelTask.Translator, train.Length, valid is not null, options);
        return run.Train<Translator>(recipe => new TranslatorObjective(recipe, corpora), progress, cancellationToken);
    }

    private static TextPair[] Checked(IEnumerable<TextPair> pairs, string name, string place)
    {
        TextPair[] all = [.. pairs];
        if (all.Length == 0) throw new ArgumentException($"{name} is empty; expected at least one pair", name);
        for (int i = 0; i < all.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(all[i].Source)) throw new ArgumentException($"{name}[{i}].Source is empty; expected a text", name);
            if (string.IsNullOrWhiteSpace(all[i].Target)) throw new ArgumentException($"{name}[{i}].Target is empty; expected a text", name);
            if (all[i].Path.Length == 0) all[i] = all[i] with { Path = place, Line = i + 1, IsInMemory = true };
        }

        return all;
    }
}
