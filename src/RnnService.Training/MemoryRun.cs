using RnnService.Engine.Models;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;

namespace RnnService.Training;

/// <summary>A run over examples that a program gave.</summary>
internal sealed class MemoryRun
{
    private readonly TrainingOptions _options;
    private readonly Recipe _recipe;

    /// <summary>Completes the options and checks them.</summary>
    /// <param name="task">The task.</param>
    /// <param name="size">How much there is to learn from, as <see cref="DefaultRecipes"/> counts it.</param>
    /// <param name="hasValidation">Whether there are examples for validation alone.</param>
    /// <param name="options">The options; null for the defaults.</param>
    /// <exception cref="RecipeException">The recipe is wrong, or of another task.</exception>
    public MemoryRun(ModelTask task, long size, bool hasValidation, TrainingOptions? options)
        : this(task, DefaultRecipes.For(task, size, options?.Settings ?? []), hasValidation, options)
    {
    }

    /// <inheritdoc cref="MemoryRun(ModelTask, long, bool, TrainingOptions)"/>
    /// <param name="task">The task.</param>
    /// <param name="usual">The recipe where the options have none: one of text, or of numbers.</param>
    /// <param name="hasValidation">Whether there are examples for validation alone.</param>
    /// <param name="options">The options; null for the defaults.</param>
    public MemoryRun(ModelTask task, Recipe usual, bool hasValidation, TrainingOptions? options)
    {
        _options = options ?? new TrainingOptions();
        if (_options.OutputFolder?.Length == 0) throw new ArgumentException("OutputFolder is empty; expected a folder, or null", nameof(options));
        if (_options.CheckpointInterval < TimeSpan.Zero)
            throw new ArgumentException($"CheckpointInterval is {_options.CheckpointInterval}; expected 0 or more", nameof(options));
        Recipe recipe = _options.Recipe ?? usual;
        if (_options.From is { } from) recipe = recipe with { From = from };
        if (recipe.Model.Task != task)
            throw new RecipeException($"model.task is {RecipeShape.NameOf(recipe.Model.Task)}; expected {RecipeShape.NameOf(task)}");
        if (recipe.Model.Numbers is null != usual.Model.Numbers is null)
        {
            throw new RecipeException(usual.Model.Numbers is null
                ? "model.numbers is given; expected none (null), since the examples are texts"
                : "model.numbers is missing; expected it, such as {}, since the examples are numbers");
        }

        recipe = recipe with { Data = recipe.Data with { Train = [], Valid = [], ValidShare = hasValidation ? null : recipe.Data.SplitShare } };
        recipe.Validate(namesCorpora: false);
        _recipe = recipe;
    }

    /// <summary>Trains, and gives the best model.</summary>
    /// <param name="read">Makes the model and the batches.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellationToken">Ends the run after a step.</param>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public TrainedModel<TModel> Train<TModel>(
        Func<Recipe, Objective> read, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
        where TModel : Model
    {
        cancellationToken.ThrowIfCancellationRequested();
        IRunStore store = _options.OutputFolder is { } folder ? new FolderStore(new RunFolders { Data = "", Output = folder }) : new MemoryStore();
        var trainer = new Trainer(_recipe, () => read(_recipe), store, _options.Restart)
        {
            CheckpointSeconds = _options.CheckpointInterval.TotalSeconds,
        };
        RunEnd end = trainer.Run(progress, cancellationToken);
        if (end == RunEnd.Interrupted) throw new OperationCanceledException(cancellationToken);
        using Model working = trainer.Model;
        return new TrainedModel<TModel>((TModel)store.LoadBest(), trainer.Recipe, trainer.Report, end, trainer.Step);
    }
}
