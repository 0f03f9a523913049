using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using RnnService.Training.Objectives;
using RnnService.Training.Runs;

namespace RnnService.Training;

/// <summary>Trains language models from code. Safe for any number of threads; each run uses all processors.</summary>
/// <example>
/// <code>
/// using TrainedModel&lt;LanguageModel&gt; trained = LanguageModelTrainer.Train([File.ReadAllText("novel.txt")]);
/// trained.Save("models/novel");
/// </code>
/// </example>
public static class LanguageModelTrainer
{
    private const string Text = "the training text", ValidationText = "the validation text";

    /// <summary>Trains a language model on running text.</summary>
    /// <param name="texts">The text in one piece or several, such as lines or documents, which a line break joins. CR LF is read as LF.</param>
    /// <param name="options">Recipe and output folder; the defaults when null.</param>
    /// <param name="validation">Text that chooses the best weights; when null, the last tenth of the other is split off for it.</param>
    /// <param name="progress">Told after every step, on the calling thread unless it passes the call on, as <see cref="Progress{T}"/> does.</param>
    /// <param name="cancellationToken">Ends the run after the step under way; with an output folder, the same call resumes it.</param>
    /// <returns>The model with the best weights.</returns>
    /// <exception cref="ArgumentException">There is no text.</exception>
    /// <exception cref="InvalidDataException">The text is too short to learn from.</exception>
    /// <exception cref="CorpusException">The text is too short to split any off for validation.</exception>
    /// <exception cref="Recipes.RecipeException">The recipe is wrong or of another task, or this machine does not hold its model.</exception>
    /// <exception cref="TrainingDivergedException">A number is no longer finite.</exception>
    /// <exception cref="RunFolderException">The output folder holds a finished model, or a run on other text or settings.</exception>
    /// <exception cref="IOException">The output folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public static TrainedModel<LanguageModel> Train(
        IEnumerable<string> texts, TrainingOptions? options = null, IEnumerable<string>? validation = null,
        IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        string train = Joined(texts, nameof(texts));
        string? valid = validation is null ? null : Joined(validation, nameof(validation));
        var corpora = new RunCorpora<RunningText>([new(train)], valid is null ? null : [new(valid)], Text, ValidationText, []) { IsInMemory = true };
        var run = new MemoryRun(ModelTask.LanguageModel, train.Length, valid is not null, options);
        return run.Train<LanguageModel>(recipe => new LanguageObjective(recipe, corpora), progress, cancellationToken);
    }

    private static string Joined(IEnumerable<string> texts, string name)
    {
        string joined = string.Join('\n', texts).Replace("\r\n", "\n", StringComparison.Ordinal);
        return joined.Length > 0 ? joined : throw new ArgumentException($"{name} is empty; expected at least one text", name);
    }
}
