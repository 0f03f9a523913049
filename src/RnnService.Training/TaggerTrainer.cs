using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using RnnService.Training.Objectives;
using RnnService.Training.Runs;

namespace RnnService.Training;

/// <summary>Trains taggers from code. Safe for any number of threads; each run uses all processors.</summary>
/// <example>
/// <code>
/// TaggedSentence[] sentences = [new(["Marie", "lives", "in", "Paris"], ["B-PER", "O", "O", "B-LOC"]), …];
/// using TrainedModel&lt;Tagger&gt; trained = TaggerTrainer.Train(sentences, new TrainingOptions { OutputFolder = "models/names" });
/// </code>
/// </example>
public static class TaggerTrainer
{
    private const string Sentences = "the training sentences", ValidationSentences = "the validation sentences";

    /// <summary>Trains a tagger on sentences whose words have one tag each, such as <see cref="Corpus.ReadTagged"/> reads them.</summary>
    /// <param name="sentences">Words and their tags; two tags or more. Tags that mark spans (BIO and its kin) are scored by spans.</param>
    /// <param name="options">Recipe and output folder; the defaults when null.</param>
    /// <param name="validation">Sentences that choose the best weights; when null, a tenth of the others is split off for it.</param>
    /// <param name="progress">Told after every step, on the calling thread unless it passes the call on, as <see cref="Progress{T}"/> does.</param>
    /// <param name="cancellationToken">Ends the run after the step under way; with an output folder, the same call resumes it.</param>
    /// <returns>The model with the best weights.</returns>
    /// <exception cref="ArgumentException">A sentence has no words, an empty one, or another number of tags; the message names it.</exception>
    /// <exception cref="CorpusException">The sentences cannot be learnt from, such as those of a single tag.</exception>
    /// <exception cref="Recipes.RecipeException">The recipe is wrong or of another task, or this machine does not hold its model.</exception>
    /// <exception cref="TrainingDivergedException">A number is no longer finite.</exception>
    /// <exception cref="RunFolderException">The output folder holds a finished model, or a run on other sentences or settings.</exception>
    /// <exception cref="IOException">The output folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public static TrainedModel<Tagger> Train(
        IEnumerable<TaggedSentence> sentences, TrainingOptions? options = null, IEnumerable<TaggedSentence>? validation = null,
        IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        TaggedSentence[] train = Checked(sentences, nameof(sentences), Sentences);
        TaggedSentence[]? valid = validation is null ? null : Checked(validation, nameof(validation), ValidationSentences);
        var corpora = new RunCorpora<TaggedSentence>(train, valid, Sentences, ValidationSentences, []) { IsInMemory = true };
        var run = new MemoryRun(ModelTask.Tagger, train.Length, valid is not null, options);
        return run.Train<Tagger>(recipe => new TaggerObjective(recipe, corpora), progress, cancellationToken);
    }

    private static TaggedSentence[] Checked(IEnumerable<TaggedSentence> sentences, string name, string place)
    {
        TaggedSentence[] all = [.. sentences];
        if (all.Length == 0) throw new ArgumentException($"{name} is empty; expected at least one tagged sentence", name);
        for (int i = 0; i < all.Length; i++)
        {
            (int words, int tags) = (all[i].Words.Count, all[i].Tags.Count);
            if (words == 0) throw new ArgumentException($"{name}[{i}].Words is empty; expected at least one word", name);
            if (words != tags) throw new ArgumentException($"{name}[{i}] has {words} words and {tags} tags; expected a tag for every word", name);
            if (all[i].Words.Any(string.IsNullOrWhiteSpace)) throw new ArgumentException($"{name}[{i}].Words holds an empty word; expected none", name);
            if (all[i].Tags.Any(string.IsNullOrWhiteSpace)) throw new ArgumentException($"{name}[{i}].Tags holds an empty tag; expected none", name);
            if (all[i].Path.Length == 0) all[i] = all[i] with { Path = place, IsInMemory = true };
        }

        return all;
    }
}
