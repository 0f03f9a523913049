using System.Numerics.Tensors;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;
using RnnService.Training.Log;
using RnnService.Training.Objectives;
using RnnService.Training.Optimizers;
using RnnService.Training.Recipes;

namespace RnnService.Training.Runs;

/// <summary>
/// A training run: corpus, vocabulary and batches (the objective), forward with the tape, loss, backward through time, clip, optimizer,
/// average, checkpoint. The weights depend on the recipe and the corpus alone: not on the number of threads, nor on how often the run was
/// stopped and resumed. One thread at a time may use a trainer, which itself uses all processors.
/// </summary>
public sealed class Trainer
{
    // Weights of networks that learn stay below some hundreds.
    private const float LargestWeight = 1e6f;

    private readonly Recipe _recipe;
    private readonly Objective _objective;
    private readonly BatchGradient _batch;
    private readonly Optimizer _optimizer;
    private readonly LayerRelease _release;
    private readonly AveragedWeights? _average;
    private readonly RunState _state;
    private readonly Checkpoint _checkpoint;
    private readonly IRunStore _store;
    private readonly RunPlan _plan;

    /// <summary>Reads the corpora, makes the model, and resumes an unfinished run where it was.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="folders">Where to read and write. Nothing is written before all else is found to be right.</param>
    /// <param name="restart">
    /// Start anew, whatever the output folder holds. A model in it stays until the first evaluation of the new run saves one.
    /// </param>
    /// <exception cref="RecipeException">The recipe does not fit the corpora or this machine.</exception>
    /// <exception cref="RunFolderException">The folder holds a finished model, or a run with other settings or corpora.</exception>
    /// <exception cref="IOException">A corpus cannot be read, or the folder not be written.</exception>
    /// <exception cref="InvalidDataException">A corpus is not what its format says, or holds nothing to predict.</exception>
    public Trainer(Recipe recipe, RunFolders folders, bool restart = false)
        : this(recipe, () => Objective.Create(recipe, folders.Data), new FolderStore(folders), restart)
    {
    }

    /// <summary>As the public one, with corpora and a store of any origin.</summary>
    internal Trainer(Recipe recipe, Func<Objective> readCorpora, IRunStore store, bool restart = false)
    {
        bool resume = store.CanResume(restart);
        TrainingSettings settings = recipe.Training;
        _store = store;
        _objective = readCorpora();
        recipe = recipe with { FromWeights = _objective.TakenOver?.Weights };
        _recipe = recipe with { GoldenInput = _objective.GoldenInput(recipe) };
        CheckGoldenInput();
        CheckBestBy();
        MemoryEstimate.CheckStep(recipe, _objective);
        _optimizer = Optimizer.Create(settings, _objective.Parameters);
        _average = settings.AverageDecay > 0 || settings.AverageAfter > 0 ? new AveragedWeights(_objective.Parameters, settings.AverageDecay) : null;
        _release = new LayerRelease(settings, Model.Config);
        _batch = new BatchGradient(_objective, settings, _release);
        _state = new RunState(settings);
        _plan = new RunPlan(_objective, settings);
        _checkpoint = new Checkpoint(recipe, _objective, _optimizer, _average, _state);
        if (resume) store.Resume(_checkpoint);
        else store.Begin(recipe, _checkpoint);
    }

    /// <summary>The recipe, with the input that the corpora gave where it had none.</summary>
    internal Recipe Recipe => _recipe;

    /// <summary>What the model has of the one that the training starts from; null where it starts from random weights.</summary>
    internal TakenOver? TakenOver => _objective.TakenOver;

    /// <summary>The model in training; its weights change until the run is over.</summary>
    public Model Model => _objective.Model;

    /// <summary>Steps made so far: above 0 when an unfinished run is resumed.</summary>
    public long Step => _state.Step;

    /// <summary>Whether the last evaluation was the best, and better is possible: the model was still getting better.</summary>
    public bool IsStillImproving => _state is { Best: { } best, SinceBest: 0 }
        && (_recipe.Model.Task == ModelTask.LanguageModel || _recipe.Training.BestBy == ValidationFigure.Loss || best < 1); // an accuracy of 1 cannot improve

    /// <summary>What was read of the corpora, and what is odd about it.</summary>
    public CorpusReport Report => _objective.Report;

    /// <summary>Seconds between checkpoints.</summary>
    public double CheckpointSeconds { get; init; } = 60;

    /// <summary>What tells the time.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Trains until the recipe is done, patience is over, or it is told to cancellationToken; then the checkpoint is written.</summary>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellationToken">Ends the run after the step under way.</param>
    /// <exception cref="TrainingDivergedException">A number is not finite; the last checkpoint and the model stay as they are.</exception>
    /// <exception cref="RunFolderException">Another run is in the folder, or was since this one was prepared.</exception>
    /// <exception cref="IOException">A file cannot be written; those before it stay whole.</exception>
    public RunEnd Run(IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        using IDisposable session = _store.OpenSession(_state.Step);
        var clock = new RunClock(_state.Seconds, Report.Valid.Tokens, Time);
        try
        {
            while (!_state.IsOver)
            {
                StepOutcome outcome = MakeStep();
                clock.StepMade(outcome);
                bool epochEnds = _state.Advance(_objective.StepsIn(_state.Epoch));
                if (_state.Step % _recipe.Training.LogEvery == 0) _store.Append(clock.Record(_state.Step, _plan.EpochsDone(_state), outcome));
                bool evaluates = _plan.Evaluates(_state, epochEnds);
                var (score, best) = evaluates ? Evaluate() : (null, false);
                if (evaluates) clock.EvaluationMade();
                progress?.Report(_plan.Progress(_state, clock, outcome, score, best));
                if (evaluates || cancellationToken.IsCancellationRequested || clock.SinceCheckpoint > CheckpointSeconds) SaveCheckpoint(clock);
                if (cancellationToken.IsCancellationRequested) return RunEnd.Interrupted;
            }
        }
        catch (TrainingDivergedException error)
        {
            throw error.With(_store.WhatIsLeft(_state.Best is not null));
        }

        _store.Finish();
        return _state.HasNoPatience && _state.Epoch < _recipe.Training.Epochs ? RunEnd.StoppedEarly : RunEnd.Finished;
    }

    /// <summary>One step of the optimizer on the next batch.</summary>
    private StepOutcome MakeStep()
    {
        _objective.Begin(_state.Epoch, _state.Index);
        BatchLoss batch = _batch.ForwardAndBackward(_state.Step, _state.Epoch);
        if (!double.IsFinite(batch.Loss) || !double.IsFinite(batch.Norm))
            throw TrainingDivergedException.At(_state.Step + 1, $"the loss is {batch.Loss} and the gradient's norm {batch.Norm}");
        Gradients gradients = _batch.Clip(batch);
        double rate = RateSchedule.At(_recipe.Training, _state.Step, _plan.TotalSteps, _state.Plateaus);
        // Moments of what was just released have seen no gradient yet: its steps are counted from then on.
        _optimizer.Step(_objective.Parameters, gradients, parameter => (
            rate * _release.ShareOf(parameter),
            _release.FirstEpochOf(parameter) is var first && first > _state.Epoch ? 0 : _state.Step + 1 - _objective.StepsUpTo((int)first)));
        if (_release.IsComplete(_state.Epoch)) _objective.Constrain();
        _objective.Refresh();
        _average?.Follow(_state.Step + 1, _state.AverageFrom);
        return new StepOutcome(batch.Loss, batch.Norm, rate, batch.Tokens);
    }

    /// <summary>Scores the averaged weights, and keeps them when they are the best so far.</summary>
    private (ValidationScore Score, bool IsBest) Evaluate()
    {
        SwapAverage();
        CheckWeights();
        ValidationScore score = _objective.Evaluate();
        if (_recipe.Training.BestBy is { } figure) score = score.By(figure);
        if (!score.IsFinite)
            throw TrainingDivergedException.At(_state.Step, $"the validation loss is {score.Loss:G4} and {score.Metric} {score.Value:G4}");
        bool best = _state.IsBest(score);
        if (best) SaveModel(score);
        _state.Count(score, best, isWhole: _release.IsComplete(_state.Epoch));
        SwapAverage();
        _store.Append(new EvaluationRecord(_state.Step, _plan.EpochsDone(_state), score.Loss, score.Metric, score.Value, best));
        return (score, best);
    }

    private void SaveModel(ValidationScore score)
    {
        if (_objective.Kept.Answer(_recipe.GoldenInput).Scores.Any(number => !float.IsFinite(number)))
            throw TrainingDivergedException.At(_state.Step, $"the answer to golden_input is not made of numbers");
        _store.Save(new BestModel(_objective.Kept, _recipe, Report, score, _plan.EpochsDone(_state), DateOnly.FromDateTime(Time.GetLocalNow().DateTime)));
    }

    private void SaveCheckpoint(RunClock clock)
    {
        _state.Seconds = clock.Seconds;
        _store.Save(_checkpoint);
        clock.CheckpointSaved();
    }

    private void SwapAverage()
    {
        if (_average is null) return;
        _average.Swap();
        _objective.Refresh();
    }

    private void CheckWeights()
    {
        if (_objective.Parameters.FirstNotFinite() is var (name, value))
            throw TrainingDivergedException.At(_state.Step, $"{name} holds {value}");
        foreach (Parameter parameter in _objective.Parameters.All.Where(parameter => !parameter.IsFixed))
        {
            // After a step of an absurd size weights and score are finite, but the model is useless.
            float largest = TensorPrimitives.MaxMagnitude(parameter.Values);
            if (Math.Abs(largest) > LargestWeight)
                throw TrainingDivergedException.At(_state.Step, $"{parameter.Name} holds {largest:G4}, more than {LargestWeight:G4} in size");
        }
    }

    /// <summary>Checks before the first step that evaluations will have the figure that chooses the best weights.</summary>
    private void CheckBestBy()
    {
        if (_recipe.Training.BestBy is not { } figure) return;
        IReadOnlyList<ValidationFigure> figures = ValidationScore.FiguresOf(Model.Config);
        if (!figures.Contains(figure))
            throw new RecipeException($"training.best_by is {SnakeCase.Of(figure)}; expected {string.Join(" or ", figures.Select(one => SnakeCase.Of(one)))} for this model");
    }

    /// <summary>Checks before the first step that the model can answer golden_input.</summary>
    private void CheckGoldenInput()
    {
        try
        {
            Model.Answer(_recipe.GoldenInput);
        }
        catch (ArgumentException error)
        {
            throw new RecipeException($"golden_input is \"{_recipe.GoldenInput}\": {error.Message}; expected an input of the corpus's kind", error);
        }
    }
}
