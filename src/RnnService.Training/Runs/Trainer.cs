using System.Diagnostics;
using RnnService.Engine;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Tasks;
using RnnService.Engine.Weights;
using RnnService.Training.Evaluation;
using RnnService.Training.Log;
using RnnService.Training.Objectives;
using RnnService.Training.Optimizers;
using RnnService.Training.Recipes;

namespace RnnService.Training.Runs;

/// <summary>The loss or the gradient is no longer a finite number: the message names the step and says what may help.</summary>
public sealed class TrainingDivergedException(string message) : Exception(message);

/// <summary>Where a run reads and writes.</summary>
public sealed record RunFolders
{
    /// <summary>Folder that the recipe's corpus paths start from.</summary>
    public required string Data { get; init; }

    /// <summary>The model folder to write; its <c>training</c> folder holds recipe, log, curve and, until the run is over, the checkpoint.</summary>
    public required string Output { get; init; }

    internal string Training => Path.Combine(Output, "training");

    internal string Checkpoint => Path.Combine(Training, "checkpoint.safetensors");

    internal string Log => Path.Combine(Training, "log.jsonl");

    internal string Curve => Path.Combine(Training, "curve.svg");

    internal string Recipe => Path.Combine(Training, "recipe.json");
}

/// <summary>Where a run stands.</summary>
/// <param name="Step">Steps made.</param>
/// <param name="TotalSteps">Steps of the whole run.</param>
/// <param name="Epoch">Passes over the corpus, the fraction of the one under way included.</param>
/// <param name="Loss">Training loss in nats a prediction, smoothed.</param>
/// <param name="TokensPerSecond">Speed, smoothed.</param>
/// <param name="Remaining">Time left at this speed.</param>
/// <param name="Score">The score of an evaluation just made; null between them.</param>
/// <param name="Best">The best figure so far.</param>
public sealed record TrainingProgress(
    long Step, long TotalSteps, double Epoch, double Loss, double TokensPerSecond, TimeSpan Remaining, ValidationScore? Score, double? Best);

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
    private readonly Recipe _recipe;
    private readonly RunFolders _folders;
    private readonly Objective _objective;
    private readonly Optimizer _optimizer;
    private readonly float[][]? _average;
    private readonly Checkpoint _checkpoint;
    private readonly Gradients[] _gradients; // one a shard
    private readonly Workspace[] _workspaces;
    private readonly long _totalSteps;

    /// <summary>Reads the corpora, makes the model, and takes up an unfinished run where it was.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="folders">Where to read and write.</param>
    /// <param name="restart">Start anew, whatever the output folder holds.</param>
    /// <exception cref="RecipeException">The recipe does not fit the corpora or the checkpoint, or the folder holds a finished model.</exception>
    /// <exception cref="IOException">A corpus cannot be read.</exception>
    /// <exception cref="InvalidDataException">A corpus is not what its format says.</exception>
    public Trainer(Recipe recipe, RunFolders folders, bool restart = false)
    {
        bool resume = File.Exists(folders.Checkpoint) && !restart;
        if (!resume && !restart && File.Exists(Path.Combine(folders.Output, "config.json")))
            throw new RecipeException($"{folders.Output} holds a finished model: another folder or a restart wanted");

        _recipe = recipe;
        _folders = folders;
        _objective = Objective.Create(recipe, folders.Data);
        Parameters parameters = _objective.Model.Parameters;
        _optimizer = Optimizer.Create(recipe.Training, parameters);
        _average = recipe.Training.AverageDecay > 0 ? [.. parameters.All.Select(parameter => parameter.Values.ToArray())] : null;
        _gradients = [.. Enumerable.Range(0, recipe.Training.Shards).Select(_ => new Gradients(parameters))];
        _workspaces = [.. Enumerable.Range(0, recipe.Training.Shards).Select(_ => new Workspace())];
        _totalSteps = Enumerable.Range(0, recipe.Training.Epochs).Sum(epoch => (long)_objective.StepsIn(epoch));
        _checkpoint = new Checkpoint(recipe, _objective, _optimizer, _average);

        Directory.CreateDirectory(folders.Training);
        if (resume)
        {
            _checkpoint.Load(folders.Checkpoint);
        }
        else
        {
            File.WriteAllText(folders.Recipe, recipe.ToJson());
            File.Delete(folders.Log);
            _checkpoint.Save(folders.Checkpoint);
        }
    }

    /// <summary>The model in training; its weights change until the run is over.</summary>
    public TextModel Model => _objective.Model;

    /// <summary>Steps made so far: above 0 when an unfinished run was taken up.</summary>
    public long Step => _checkpoint.Step;

    /// <summary>Seconds between checkpoints.</summary>
    public double CheckpointSeconds { get; init; } = 60;

    private bool IsOver => _checkpoint.Epoch >= _recipe.Training.Epochs || HasNoPatience;

    private bool HasNoPatience => _recipe.Training.Patience > 0 && _checkpoint.SinceBest >= _recipe.Training.Patience;

    /// <summary>Trains until the recipe is done, patience is over, or it is told to stop; then the checkpoint is written.</summary>
    /// <param name="progress">Told after every step.</param>
    /// <param name="stop">Ends the run after the step under way.</param>
    /// <exception cref="TrainingDivergedException">The loss is not finite; the last checkpoint stays as it is.</exception>
    public RunEnd Run(IProgress<TrainingProgress>? progress = null, CancellationToken stop = default)
    {
        using TrainingLog log = TrainingLog.Open(_folders.Log);
        log.TruncateAfter(_checkpoint.Step);
        var clock = new RunClock(_checkpoint.Seconds);
        while (!IsOver)
        {
            StepOutcome outcome = MakeStep();
            clock.Add(outcome);
            bool epochEnds = _checkpoint.Index == _objective.StepsIn(_checkpoint.Epoch);
            if (epochEnds) (_checkpoint.Epoch, _checkpoint.Index) = (_checkpoint.Epoch + 1, 0);

            if (_checkpoint.Step % _recipe.Training.LogEvery == 0) log.Append(clock.Record(_checkpoint.Step, EpochsDone, outcome));
            int every = _recipe.Training.EvaluateEvery;
            ValidationScore? score = (every == 0 ? epochEnds : _checkpoint.Step % every == 0) || _checkpoint.Step == _totalSteps ? Evaluate(log) : null;
            progress?.Report(new TrainingProgress(
                _checkpoint.Step, _totalSteps, EpochsDone, clock.Loss, clock.TokensPerSecond, clock.Remaining(_checkpoint.Step, _totalSteps),
                score, _checkpoint.Best));
            if (score is not null || stop.IsCancellationRequested || clock.SinceCheckpoint > CheckpointSeconds)
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

    private double EpochsDone => _checkpoint.Epoch
        + (_checkpoint.Epoch < _recipe.Training.Epochs ? (double)_checkpoint.Index / _objective.StepsIn(_checkpoint.Epoch) : 0);

    private StepOutcome MakeStep()
    {
        TrainingSettings settings = _recipe.Training;
        Parameters parameters = _objective.Model.Parameters;
        _objective.Begin(_checkpoint.Epoch, _checkpoint.Index);
        var parts = new ShardResult[settings.Shards];
        Parallel.For(0, settings.Shards, shard =>
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
            throw new TrainingDivergedException(FormattableString.Invariant(
                $"step {_checkpoint.Step + 1}: the loss is {loss} and the gradient's norm {norm}, finite numbers wanted; ")
                + "the last checkpoint is kept; a smaller training.learning_rate or training.clip_norm may help");
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
                Optimization.Blend(_average[parameter.Index], parameter.Values, (float)(1 - decay));
        }

        return new StepOutcome(loss, norm, rate, parts.Sum(part => part.Tokens));
    }

    private ValidationScore Evaluate(TrainingLog log)
    {
        SwapAverage();
        ValidationScore score = _objective.Evaluate();
        bool best = score.IsBetterThan(_checkpoint.Best, _checkpoint.BestLoss);
        if (best)
        {
            ModelFolder.Save(_folders.Output, Model, _recipe.GoldenInput);
            ModelFolder.SaveConfig(_folders.Output, Model.Config with { Metrics = score.Metrics("valid_") });
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
        return score;
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

/// <summary>What a step was like.</summary>
internal readonly record struct StepOutcome(double Loss, double Norm, double Rate, long Tokens);

/// <summary>The times and running means of a run.</summary>
internal sealed class RunClock(double secondsBefore)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private double _checkpointAt, _recordAt, _lossSum;
    private long _tokens, _steps, _madeHere;
    private double _stepSeconds;
    private double _lastStepAt;

    public double Loss { get; private set; } = double.NaN;

    public double TokensPerSecond { get; private set; }

    public double Seconds => secondsBefore + _watch.Elapsed.TotalSeconds;

    public double SinceCheckpoint => _watch.Elapsed.TotalSeconds - _checkpointAt;

    public void Add(StepOutcome outcome)
    {
        double now = _watch.Elapsed.TotalSeconds, took = Math.Max(1e-9, now - _lastStepAt);
        _lastStepAt = now;
        _madeHere++;
        double share = Math.Max(0.05, 1.0 / _madeHere); // a plain mean at first, then a running one
        Loss = _madeHere == 1 ? outcome.Loss : Loss + ((outcome.Loss - Loss) * share);
        TokensPerSecond += ((outcome.Tokens / took) - TokensPerSecond) * share;
        _stepSeconds += (took - _stepSeconds) * share;
        _lossSum += outcome.Loss;
        _tokens += outcome.Tokens;
        _steps++;
    }

    public TimeSpan Remaining(long step, long total) => TimeSpan.FromSeconds(_stepSeconds * (total - step));

    /// <summary>The mean of the steps since the last record.</summary>
    public StepRecord Record(long step, double epoch, StepOutcome outcome)
    {
        double now = _watch.Elapsed.TotalSeconds;
        var record = new StepRecord(
            step, Math.Round(epoch, 4), Math.Round(_lossSum / _steps, 5), outcome.Rate, Math.Round(outcome.Norm, 5),
            Math.Round(_tokens / Math.Max(1e-9, now - _recordAt)), Math.Round(Seconds, 1));
        (_lossSum, _tokens, _steps, _recordAt) = (0, 0, 0, now);
        return record;
    }

    public void CheckpointSaved() => _checkpointAt = _watch.Elapsed.TotalSeconds;
}
