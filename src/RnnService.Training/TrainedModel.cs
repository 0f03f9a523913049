using RnnService.Engine.Models;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;

namespace RnnService.Training;

/// <summary>A model that was trained from code. Disposing of it disposes of the model. As safe for several threads as the model is.</summary>
/// <typeparam name="TModel">The kind of model.</typeparam>
public sealed class TrainedModel<TModel> : IDisposable
    where TModel : Model
{
    internal TrainedModel(TModel model, Recipe recipe, CorpusReport report, RunEnd end, long steps)
    {
        (Model, Recipe, Report, End, Steps) = (model, recipe, report, end, steps);
        Score = ValidationScore.Of(model.Config) ?? throw new ArgumentException("the model's configuration holds no validation score");
    }

    /// <summary>The model with the best weights of the run, ready to answer.</summary>
    public TModel Model { get; }

    /// <summary>Its score on the examples that were kept for validation.</summary>
    public ValidationScore Score { get; }

    /// <summary>The recipe that made it, defaults included.</summary>
    public Recipe Recipe { get; }

    /// <summary>What was read before the first step, and what is odd about it.</summary>
    public CorpusReport Report { get; }

    /// <summary>Whether all epochs were made, or the run ended early for want of progress.</summary>
    public RunEnd End { get; }

    /// <summary>Steps made.</summary>
    public long Steps { get; }

    /// <summary>Writes a model folder, which every program of this house opens: the command, the service, and <c>Load</c>.</summary>
    /// <param name="folder">The folder, made when missing; the files of a model in it are replaced together.</param>
    /// <exception cref="ModelFolderException">The model's answer is not made of finite numbers.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public void Save(string folder) => ModelFolder.Save(folder, Model, Recipe.GoldenInput);

    /// <summary>Disposes of the model.</summary>
    public void Dispose() => Model.Dispose();
}
