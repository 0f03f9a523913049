using System.Numerics.Tensors;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Training.Cards;
using RnnService.Training.Corpora;
using RnnService.Training.Curves;
using RnnService.Training.Evaluation;
using RnnService.Training.Log;
using RnnService.Training.Objectives;
using RnnService.Training.Optimizers;
using RnnService.Training.Recipes;
using RnnService.Training.Threading;

namespace RnnService.Training.Runs;

/// <summary>How a run ended.</summary>
public enum RunEnd
{
    /// <summary>All epochs are done.</summary>
    Finished,

    /// <summary>Evaluations brought no progress for as long as the recipe allows.</summary>
    StoppedEarly,

    /// <summary>It was told to stop; the checkpoint lets it go on.</summary>
    Interrupted,
}

/// <summary>
/// Trains a model: corpus, batches, forward with the tape, loss, backward through time, clip, optimizer, checkpoint. The weights depend on
/// the recipe and the corpus alone: not on the number of threads, nor on how often the run was stopped and resumed.
/// </summary>
public sealed class Trainer
{
    // Weights of networks that learn stay below some hundreds.
    private const float LargestWeight = 1e6f;

    private readonly Recipe _recipe;
    private readonly RunFolders _folders;
    private readonly Objective _objective;
    private readonly Optimizer _optimizer;
    private readonly float[][]? _average;
    private readonly Checkpoint _checkpoint;
    private readonly Gradients[] _gradients; // one a shard
    private readonly Workspace[] _workspaces;
    private readonly long _totalSteps;
    private (DateTime, long) _found; // the checkpoint as this run read or wrote it

    /// <summary>Reads the corpora, makes the model, and takes up an unfinished run where it was.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="folders">Where to read and write. Nothing is written before all else is found to be right.</param>
    /// <param name="restart">
    /// Start anew, whatever the output folder holds. A model in it stays until the new run has a better one than none.
    /// </param>
    /// <exception cref="RecipeException">The recipe does not fit the corpora or this machine.</exception>
    /// <exception cref="RunFolderException">The folder holds a finished model, or a run with other settings or corpora.</exception>
    /// <exception cref="IOException">A corpus cannot be read, or the folder not be written.</exception>
    /// <exception cref="InvalidDataException">A corpus is not what its format says, or holds nothing to predict.</exception>
    public Trainer(Recipe recipe, RunFolders folders, bool restart = false)
    {
        bool hasModel = ModelFolder.IsOne(folders.Output);
        bool resume = File.Exists(folders.Checkpoint) && !restart && (hasModel || !Checkpoint.IsOfNoStep(folders.Checkpoint));
        if (!resume && !restart && hasModel)
            throw new RunFolderException($"{folders.Output} holds a finished model; expected another folder");
        folders.CheckFree(); // before the corpora are read

        _recipe = recipe;
        _folders = folders;
        _objective = Objective.Create(recipe, folders.Data);
        Parameters parameters = _objective.Model.Parameters;
        CheckGoldenInput();
        int outputs = recipe.Model.Task switch
        {
            ModelTask.LanguageModel => Model.Vocabulary.Tokens.Count,
            ModelTask.Tagger => Model.Config.Labels.Count,
            _ => 0,
        };
        MemoryEstimate.CheckStep(recipe, _objective.MostTokens, outputs);
        _optimizer = Optimizer.Create(recipe.Training, parameters);
        _average = recipe.Training.AverageDecay > 0 ? [.. parameters.All.Select(parameter => parameter.Values.ToArray())] : null;
        _gradients = [.. Enumerable.Range(0, recipe.Training.Shards).Select(_ => new Gradients(parameters))];
        _workspaces = [.. Enumerable.Range(0, recipe.Training.Shards).Select(_ => new Workspace())];
        _totalSteps = _objective.StepsUpTo(recipe.Training.Epochs);
        _checkpoint = new Checkpoint(recipe, _objective, _optimizer, _average);

        if (resume)
        {
            using FolderLock held = FolderLock.Take(folders.Training, folders.Output);
            _checkpoint.Load(folders.Checkpoint);
            folders.SweepUp();
        }
        else
        {
            folders.Begin(recipe, _checkpoint.Save);
        }

        _found = folders.CheckpointStamp();
    }

    /// <summary>The model in training; its weights change until the run is over.</summary>
    public TextModel Model => _objective.Model;

    /// <summary>Steps made so far: above 0 when an unfinished run was taken up.</summary>
    public long Step => _checkpoint.Step;

    /// <summary>Whether the last evaluation was the best, and better is possible: the model was still getting better.</summary>
    public bool IsStillImproving => _checkpoint is { Best: { } best, SinceBest: 0 }
        && (_recipe.Model.Task == ModelTask.LanguageModel || best < 1); // more than all right there is not

    /// <summary>What was read of the corpora, and what is odd about it.</summary>
    public CorpusReport Report => _objective.Report;

    /// <summary>Seconds between checkpoints.</summary>
    public double CheckpointSeconds { get; init; } = 60;

    private bool IsOver => _checkpoint.Epoch >= _recipe.Training.Epochs || HasNoPatience;

    private bool HasNoPatience => _recipe.Training.Patience > 0 && _checkpoint.SinceBest >= _recipe.Training.Patience;

    /// <summary>What tells the time.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Trains until the recipe is done, patience is over, or it is told to stop; then the checkpoint is written.</summary>
    /// <param name="progress">Told after every step.</param>
    /// <param name="stop">Ends the run after the step under way.</param>
    /// <exception cref="TrainingDivergedException">A number is not finite; the last checkpoint and the model stay as they are.</exception>
    /// <exception cref="RunFolderException">Another run is in the folder, or was since this one was prepared.</exception>
    /// <exception cref="IOException">A file cannot be written; those before it stay whole.</exception>
    public RunEnd Run(IProgress<TrainingProgress>? progress = null, CancellationToken stop = default)
    {
        using FolderLock held = FolderLock.Take(_folders.Training, _folders.Output);
        if (_folders.CheckpointStamp() != _found)
            throw new RunFolderException($"{_folders.Output} was written by another run since this one was prepared; expected one run in a folder");
        try
        {
            return RunSteps(progress, stop);
        }
        catch (TrainingDivergedException error)
        {
            throw error.With(Kept());
        }
        finally
        {
            _found = _folders.CheckpointStamp();
        }
    }

    /// <summary>Which model a run that diverged leaves: one whose score was sound when it was saved stays, however late that was.</summary>
    private string Kept()
    {
        if (_checkpoint.Best is null)
        {
            return ModelFolder.IsOne(_folders.Output)
                ? $"The model of an earlier run in {_folders.Output} stays as it was"
                : "There is no model yet";
        }

        EvaluationRecord? best = TrainingLog.Read(_folders.Log).OfType<EvaluationRecord>().LastOrDefault(record => record.Best);
        return best is null
            ? $"The best model before that stays in {_folders.Output}"
            : FormattableString.Invariant($"The best model before that, of step {best.Step} with {best.Metric ?? "loss"} {best.Value ?? best.ValidLoss:G4} ")
                + FormattableString.Invariant($"and validation loss {best.ValidLoss:G4}, stays in {_folders.Output}");
    }

    private RunEnd RunSteps(IProgress<TrainingProgress>? progress, CancellationToken stop)
    {
        using TrainingLog log = TrainingLog.Open(_folders.Log);
        log.TruncateAfter(_checkpoint.Step);
        var clock = new RunClock(_checkpoint.Seconds, _objective.Report.Valid.Tokens, Time);
        while (!IsOver)
        {
            StepOutcome outcome = MakeStep();
            clock.StepMade(outcome);
            bool epochEnds = _checkpoint.Index == _objective.StepsIn(_checkpoint.Epoch);
            if (epochEnds) (_checkpoint.Epoch, _checkpoint.Index) = (_checkpoint.Epoch + 1, 0);

            if (_checkpoint.Step % _recipe.Training.LogEvery == 0) log.Append(clock.Record(_checkpoint.Step, EpochsDone, outcome));
            int every = _recipe.Training.EvaluateEvery;
            bool evaluates = (every == 0 ? epochEnds : _checkpoint.Step % every == 0) || _checkpoint.Step == _totalSteps;
            var (score, best) = evaluates ? Evaluate(log) : (null, false);
            if (evaluates) clock.EvaluationMade();
            progress?.Report(new TrainingProgress(
                _checkpoint.Step, _totalSteps, EpochsDone, _recipe.Training.Epochs, clock.Loss, outcome.Rate, clock.TokensPerSecond,
                clock.Remaining(_totalSteps - _checkpoint.Step, EvaluationsLeft), score, best, _checkpoint.Best));
            if (evaluates || stop.IsCancellationRequested || clock.SinceCheckpoint > CheckpointSeconds)
            {
                _checkpoint.Seconds = clock.Seconds;
                _checkpoint.Save(_folders.Checkpoint);
                clock.CheckpointSaved();
            }

            if (stop.IsCancellationRequested) return RunEnd.Interrupted;
        }

        File.Delete(_folders.Checkpoint); // the model folder holds the best weights
        return HasNoPatience && _checkpoint.Epoch < _recipe.Training.Epochs ? RunEnd.StoppedEarly : RunEnd.Finished;
    }

    private long EvaluationsLeft
    {
        get
        {
            long every = _recipe.Training.EvaluateEvery;
            if (every == 0) return _recipe.Training.Epochs - _checkpoint.Epoch;
            return ((_totalSteps + every - 1) / every) - (_checkpoint.Step == _totalSteps ? (_totalSteps + every - 1) / every : _checkpoint.Step / every);
        }
    }

    private double EpochsDone => _checkpoint.Epoch
        + (_checkpoint.Epoch < _recipe.Training.Epochs ? (double)_checkpoint.Index / _objective.StepsIn(_checkpoint.Epoch) : 0);

    private StepOutcome MakeStep()
    {
        TrainingSettings settings = _recipe.Training;
        Parameters parameters = _objective.Model.Parameters;
        _objective.Begin(_checkpoint.Epoch, _checkpoint.Index);
        var parts = new ShardResult[settings.Shards];
        ParallelLoop.For(settings.Shards, shard =>
        {
            _workspaces[shard].Reset();
            _gradients[shard].Clear();
            var dropout = new Dropout(settings.Seed, (ulong)_checkpoint.Step, (ulong)shard);
            parts[shard] = _objective.Run(shard, new Pass(_workspaces[shard], dropout, record: true), _gradients[shard]);
        });

        // In a fixed order, so that the sum has the same bits however many threads there were.
        Gradients gradients = _gradients[0];
        for (int shard = 1; shard < parts.Length; shard++) gradients.Add(_gradients[shard]);
        long predictions = parts.Sum(part => part.Predictions);
        double loss = parts.Sum(part => part.Loss) / predictions;
        double norm = gradients.Norm() / predictions;
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
        {
            throw TrainingDivergedException.At(_checkpoint.Step + 1, $"the loss is {loss} and the gradient's norm {norm}");
        }

        double factor = settings.ClipNorm > 0 && norm > settings.ClipNorm ? settings.ClipNorm / norm : 1;
        gradients.Scale((float)(factor / predictions));
        double rate = RateSchedule.At(settings, _checkpoint.Step, _totalSteps, _checkpoint.Plateaus);
        _optimizer.Step(parameters, gradients, rate, _checkpoint.Step + 1);
        _objective.Model.Refresh();
        _checkpoint.Step++;
        _checkpoint.Index++;
        if (_average is not null)
        {
            // Early averages would remember the random start for long: the decay grows into its full length.
            double decay = Math.Min(settings.AverageDecay, (1.0 + _checkpoint.Step) / (10.0 + _checkpoint.Step));
            foreach (Parameter parameter in parameters.All)
                OptimizerUpdate.Blend(_average[parameter.Index], parameter.Values, (float)(1 - decay));
        }

        return new StepOutcome(loss, norm, rate, parts.Sum(part => part.Tokens));
    }

    private (ValidationScore Score, bool IsBest) Evaluate(TrainingLog log)
    {
        SwapAverage();
        if (Model.Parameters.FirstNotFinite() is var (name, value))
            throw TrainingDivergedException.At(_checkpoint.Step, $"{name} holds {value}");
        foreach (Parameter parameter in Model.Parameters.All)
        {
            // A step of an absurd size leaves numbers, with a score like any other, and a model of no use.
            float largest = TensorPrimitives.MaxMagnitude(parameter.Values);
            if (Math.Abs(largest) > LargestWeight)
                throw TrainingDivergedException.At(_checkpoint.Step, $"{parameter.Name} holds {largest:G4}, more than {LargestWeight:G4} in size");
        }

        ValidationScore score = _objective.Evaluate();
        if (!score.IsFinite)
            throw TrainingDivergedException.At(_checkpoint.Step, $"the validation loss is {score.Loss:G4} and {score.Metric} {score.Value:G4}");
        bool best = score.IsBetterThan(_checkpoint.Best, _checkpoint.BestLoss);
        if (best)
        {
            Save(score);
            (_checkpoint.Best, _checkpoint.BestLoss, _checkpoint.SinceBest, _checkpoint.SinceFall) = (score.Value, score.Loss, 0, 0);
        }
        else
        {
            _checkpoint.SinceBest++;
            if (++_checkpoint.SinceFall >= _recipe.Training.PlateauPatience && _recipe.Training.Schedule == LearningRateSchedule.Plateau)
            {
                _checkpoint.Plateaus++;
                _checkpoint.SinceFall = 0;
            }
        }

        SwapAverage();
        log.Append(new EvaluationRecord(_checkpoint.Step, EpochsDone, score.Loss, score.Metric, score.Value, best));
        LearningCurve.WriteSvg(TrainingLog.Read(_folders.Log), _folders.Curve, Path.GetFileName(Path.TrimEndingDirectorySeparator(_folders.Output)));
        return (score, best);
    }

    private void Save(ValidationScore score)
    {
        if (Model.Answer(_recipe.GoldenInput).Scores.Any(number => !float.IsFinite(number)))
            throw TrainingDivergedException.At(_checkpoint.Step, $"the answer to golden_input is not made of numbers");
        ModelFolder.Save(_folders.Output, Model, _recipe.GoldenInput, metrics: score.Metrics("valid_"));
        _folders.ForgetPrevious();
        WriteCard(score);
    }

    /// <summary>Finds out before the first step whether the text whose answer is kept has one.</summary>
    private void CheckGoldenInput()
    {
        try
        {
            Model.Answer(_recipe.GoldenInput);
        }
        catch (ArgumentException error)
        {
            throw new RecipeException($"golden_input is \"{_recipe.GoldenInput}\": {error.Message}; expected a text of the corpus's kind", error);
        }
    }

    private void WriteCard(ValidationScore score)
    {
        var card = new TrainedCard
        {
            Folder = _folders.Output,
            Model = Model,
            Recipe = _recipe,
            Corpus = _objective.Report,
            Score = score,
            Epochs = EpochsDone,
            Date = DateOnly.FromDateTime(Time.GetLocalNow().DateTime),
        };
        CardFile.Write(_folders.Output, card.Text());
    }

    /// <summary>Exchanges the weights and their average, bit for bit.</summary>
    private void SwapAverage()
    {
        if (_average is null) return;
        foreach (Parameter parameter in Model.Parameters.All)
        {
            float[] average = _average[parameter.Index];
            for (int i = 0; i < average.Length; i++) (average[i], parameter.Data[i]) = (parameter.Data[i], average[i]);
        }

        Model.Refresh();
    }
}
