using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;

namespace RnnService.Training;

/// <summary>Trains models that read numbers from code. Safe for any number of threads; each run uses all processors.</summary>
/// <example>
/// <code>
/// IEnumerable&lt;NumberExample&gt; gestures = recordings.Select(one =&gt; new NumberExample { Sequence = new NumberSequence(one.Values, 3), Labels = [one.Name] });
/// using TrainedModel&lt;NumberClassifier&gt; trained = NumberTrainer.Train&lt;NumberClassifier&gt;(gestures);
/// Console.WriteLine(trained.Score.Value);
/// trained.Save("models/gestures");
/// </code>
/// </example>
public static class NumberTrainer
{
    private const string Examples = "the training examples", ValidationExamples = "the validation examples";

    /// <summary>Trains a model on sequences of numbers, or on sounds.</summary>
    /// <typeparam name="TModel">
    /// What it becomes. A <see cref="NumberClassifier"/> learns <see cref="NumberExample.Labels"/>' one label of a sequence, a <see cref="NumberTagger"/> one a
    /// step, a <see cref="Transcriber"/> the symbols that are said in it, in their order; a <see cref="Regressor"/> learns <see cref="NumberExample.Values"/>, one of a sequence or,
    /// with <c>model.numbers.each_step</c>, some of each step; a <see cref="Forecaster"/> needs the sequence alone.
    /// </typeparam>
    /// <param name="examples">The sequences, all of as many features, and what is to be learnt of each.</param>
    /// <param name="options">Recipe and output folder; the defaults when null: those of <see cref="DefaultRecipes.ForNumbers"/>.</param>
    /// <param name="validation">
    /// Examples that choose the best weights; when null, a tenth of the others is split off for it, and of one sequence alone its end.
    /// </param>
    /// <param name="progress">Told after every step, on the calling thread unless it passes the call on, as <see cref="Progress{T}"/> does.</param>
    /// <param name="cancellationToken">Ends the run after the step under way; with an output folder, the same call resumes it.</param>
    /// <returns>The model with the best weights.</returns>
    /// <exception cref="ArgumentException">An example has no step or a number that is not finite; the message names it. Or there is no such model.</exception>
    /// <exception cref="InvalidDataException">An example does not have what the task learns; the message names it.</exception>
    /// <exception cref="CorpusException">The examples cannot be learnt from, such as those of a single label.</exception>
    /// <exception cref="RecipeException">The recipe is wrong or of another task, or this machine does not hold its model.</exception>
    /// <exception cref="TrainingDivergedException">A number is no longer finite.</exception>
    /// <exception cref="RunFolderException">The output folder holds a finished model, or a run on other examples or settings.</exception>
    /// <exception cref="IOException">The output folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The run was cancelled.</exception>
    public static TrainedModel<TModel> Train<TModel>(
        IEnumerable<NumberExample> examples, TrainingOptions? options = null, IEnumerable<NumberExample>? validation = null,
        IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
        where TModel : NumberModel
    {
        ModelTask task = TaskOf(typeof(TModel));
        NumberExample[] train = Checked(examples, nameof(examples), Examples);
        NumberExample[]? valid = validation is null ? null : Checked(validation, nameof(validation), ValidationExamples);
        Recipe usual = DefaultRecipes.ForNumbers(task, train.Length, train.Any(example => example.Sound is not null), options?.Settings ?? []);
        var run = new MemoryRun(task, usual, valid is not null, options);
        var corpora = new RunCorpora<NumberExample>(train, valid, Examples, ValidationExamples, []) { IsInMemory = true };
        return run.Train<TModel>(recipe => new NumberObjective(recipe, corpora, []), progress, cancellationToken);
    }

    private static ModelTask TaskOf(Type model) => model.Name switch
    {
        nameof(NumberClassifier) => ModelTask.Classifier,
        nameof(NumberTagger) => ModelTask.Tagger,
        nameof(Regressor) => ModelTask.Regressor,
        nameof(Forecaster) => ModelTask.Forecaster,
        nameof(Transcriber) => ModelTask.Transcriber,
        _ => throw new ArgumentException(
            $"TModel is {model.Name}; expected {nameof(NumberClassifier)}, {nameof(NumberTagger)}, {nameof(Regressor)}, {nameof(Forecaster)} or {nameof(Transcriber)}"),
    };

    private static NumberExample[] Checked(IEnumerable<NumberExample> examples, string name, string place)
    {
        NumberExample[] all = [.. examples];
        if (all.Length == 0) throw new ArgumentException($"{name} is empty; expected at least one sequence", name);
        for (int i = 0; i < all.Length; i++)
        {
            if (all[i].Sequence.Steps == 0 && all[i].Sound is null) throw new ArgumentException($"{name}[{i}].Sequence has no step; expected one or more, or a sound", name);
            foreach ((string field, ReadOnlyMemory<float> numbers) in ((string, ReadOnlyMemory<float>)[])[("Sequence", all[i].Sequence.Values), ("Values", all[i].Values)])
            {
                foreach (float value in numbers.Span)
                {
                    if (!float.IsFinite(value)) throw new ArgumentException(FormattableString.Invariant($"{name}[{i}].{field} holds {value}; expected finite numbers"), name);
                }
            }

            if (all[i].Name.Length == 0) all[i] = all[i] with { Name = $"{place}, sequence {i + 1}" };
        }

        return all;
    }
}
