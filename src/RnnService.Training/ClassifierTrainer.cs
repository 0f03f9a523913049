using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using RnnService.Training.Objectives;
using RnnService.Training.Runs;

namespace RnnService.Training;

/// <summary>Trains classifiers from code. Safe for any number of threads; each run uses all processors.</summary>
/// <example>
/// <code>
/// (string Text, string Label)[] reviews = [("A lovely film.", "good"), ("Two hours I want back.", "bad"), …];
/// using TrainedModel&lt;Classifier&gt; trained = ClassifierTrainer.Train(reviews);
/// Console.WriteLine(trained.Score.Value);
/// trained.Save("models/reviews");
/// </code>
/// </example>
public static class ClassifierTrainer
{
    private const string Examples = "the training examples", ValidationExamples = "the validation examples";

    /// <summary>Trains a classifier on texts with one label each.</summary>
    /// <param name="examples">Texts and their labels; two labels or more.</param>
    /// <param name="options">Recipe and output folder; the defaults when null.</param>
    /// <param name="validation">Examples that choose the best weights; when null, a tenth of the others is split off for it.</param>
    /// <param name="progress">Told after every step, on the calling thread unless it passes the call on, as <see cref="Progress{T}"/> does.</param>
    /// <param name="cancellationToken">Ends the run after the step under way; with an output folder, the same call resumes it.</param>
    /// <returns>The model with the best weights.</returns>
    /// <exception cref="ArgumentException">An example has no text or no label; the message names it.</exception>
    /// <exception cref="CorpusException">The examples cannot be learnt from, such as those of a single label.</exception>
    /// <exception cref="Recipes.RecipeException">The recipe is wrong or of another task, or this machine does not hold its model.</exception>
    /// <exception cref="TrainingDivergedException">A number is no longer finite.</exception>
    /// <exception cref="RunFolderException">The output folder holds a finished model, or a run on other examples or settings.</exception>
    /// <exception cref="IOException">The output folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public static TrainedModel<Classifier> Train(
        IEnumerable<(string Text, string Label)> examples, TrainingOptions? options = null,
        IEnumerable<(string Text, string Label)>? validation = null, IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Train(examples.Select(example => new LabelledText(example.Label, example.Text)), options,
            validation?.Select(example => new LabelledText(example.Label, example.Text)), progress, cancellationToken);

    /// <summary>Trains a classifier on labelled texts, such as <see cref="Corpus.ReadLabelled"/> reads them.</summary>
    /// <inheritdoc cref="Train(IEnumerable{ValueTuple{string, string}}, TrainingOptions, IEnumerable{ValueTuple{string, string}}, IProgress{TrainingProgress}, CancellationToken)"/>
    public static TrainedModel<Classifier> Train(
        IEnumerable<LabelledText> examples, TrainingOptions? options = null, IEnumerable<LabelledText>? validation = null,
        IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        LabelledText[] train = Checked(examples, nameof(examples), Examples);
        LabelledText[]? valid = validation is null ? null : Checked(validation, nameof(validation), ValidationExamples);
        var corpora = new RunCorpora<LabelledText>(train, valid, Examples, ValidationExamples, []) { IsInMemory = true };
        var run = new MemoryRun(ModelTask.Classifier, train.Length, valid is not null, options);
        return run.Train<Classifier>(recipe => new ClassifierObjective(recipe, corpora), progress, cancellationToken);
    }

    private static LabelledText[] Checked(IEnumerable<LabelledText> examples, string name, string place)
    {
        LabelledText[] all = [.. examples];
        if (all.Length == 0) throw new ArgumentException($"{name} is empty; expected at least one labelled text", name);
        for (int i = 0; i < all.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(all[i].Text)) throw new ArgumentException($"{name}[{i}].Text is empty; expected a text", name);
            if (string.IsNullOrWhiteSpace(all[i].Label)) throw new ArgumentException($"{name}[{i}].Label is empty; expected a label", name);
            if (all[i].Path.Length == 0) all[i] = all[i] with { Path = place, Line = i + 1, IsInMemory = true };
        }

        return all;
    }
}
