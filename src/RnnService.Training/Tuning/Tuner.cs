using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Training.Evaluation;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;

namespace RnnService.Training.Tuning;

/// <summary>
/// Searches for settings within limits: random candidates by successive halving (Jamieson and Talwalkar 2016; Li et al. 2018). In a round nine candidates are
/// trained for a ninth of their epochs, the best three of them for a third, and the best for all; the next round's are drawn half at random and half near the
/// best so far. Every trial is a training from the start on the whole corpus, judged by its validation part. What is tried depends on the recipe, its seed
/// and the scores alone, so a search that was stopped goes on as if it had not been; how much is tried depends on the time. Not thread-safe.
/// </summary>
public sealed class Tuner
{
    private const ulong Stream = 0x70E;
    private const int Candidates = 9, Reduction = 3;

    private readonly Recipe _recipe;
    private readonly RunFolders _folders;
    private readonly TuningSpace _space;
    private readonly TuningLog _log;
    private int _next; // the trial to come
    private TuningTrial? _best;
    private IReadOnlyList<string> _bestCandidate = [];

    /// <summary>Prepares a search, or goes on with one.</summary>
    /// <param name="recipe">The recipe that it starts from, which is the first trial's.</param>
    /// <param name="folders">Where corpora are read, and where <c>tuning.jsonl</c> and the best <c>recipe.json</c> are written.</param>
    /// <param name="kept">Paths of settings that stay as they are.</param>
    /// <exception cref="RecipeException">The recipe is wrong.</exception>
    /// <exception cref="TuningException">The folder holds a search from another recipe.</exception>
    /// <exception cref="IOException">The folder cannot be read or written.</exception>
    public Tuner(Recipe recipe, RunFolders folders, IEnumerable<string>? kept = null)
    {
        recipe.Validate();
        string[] paths = [.. kept ?? []];
        (_recipe, _folders, _space) = (recipe, folders, new TuningSpace(recipe, paths));
        Directory.CreateDirectory(folders.Output);
        _log = new TuningLog(Path.Combine(folders.Output, "tuning.jsonl"), recipe, paths);
    }

    /// <summary>The time for all trials, those of earlier runs of the search included. A trial that does not end within it does not count.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The most trials, those of earlier runs of the search included.</summary>
    public int MostTrials { get; init; } = int.MaxValue;

    /// <summary>What tells the time.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The settings that are searched, by path.</summary>
    public IReadOnlyList<string> Searched => [.. _space.Dimensions.Select(dimension => dimension.Setting)];

    /// <summary>The recipe of the best trial, in the folder of the search.</summary>
    public string RecipePath => Path.Combine(_folders.Output, "recipe.json");

    /// <summary>Searches until a limit is reached or it is cancelled, and writes the best recipe.</summary>
    /// <param name="progress">Told of every trial that is over, those of earlier runs included.</param>
    /// <param name="cancellationToken">Ends the search after the training step under way; the trial under way does not count.</param>
    /// <exception cref="TuningException">No trial ended with a score.</exception>
    /// <exception cref="InvalidDataException">A corpus is not what its format says.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public TuningResult Run(IProgress<TuningTrial>? progress = null, CancellationToken cancellationToken = default)
    {
        (_next, _best) = (0, null);
        var search = new Search(Time.GetTimestamp(), _log.Trials.Sum(trial => trial.Seconds), progress, cancellationToken);
        for (int round = 0; RunRound(round, search); round++)
        {
        }

        if (_best is null)
        {
            string fault = _log.Trials.Select(trial => trial.Fault).OfType<string>().FirstOrDefault() is { } first ? $": {first}" : "; expected more time than the first one takes";
            throw new TuningException($"no trial came to its end with a score{fault}");
        }

        Recipe recipe = _recipe.With(_best.Settings);
        WholeFile.Write(RecipePath, recipe.ToJson());
        return new TuningResult([.. _log.Trials], _best, recipe, TuningLesson.Of(_space, _log.Trials), cancellationToken.IsCancellationRequested);
    }

    /// <summary>Tries the candidates of a round, ever fewer for ever longer.</summary>
    /// <returns>Whether there is time for another.</returns>
    private bool RunRound(int round, Search search)
    {
        IReadOnlyList<string>[] candidates = [.. Enumerable.Range(0, Candidates).Select(i => Candidate(round, i))];
        int[] divisors = [.. DivisorsOf(_recipe.Training.Epochs)];
        for (int level = 0; level < divisors.Length; level++)
        {
            var trials = new List<(IReadOnlyList<string> Candidate, TuningTrial Trial)>();
            foreach (IReadOnlyList<string> candidate in candidates)
            {
                if (Try(candidate, level, divisors[level], search) is not { } trial) return false;
                trials.Add((candidate, trial));
            }

            // Ties keep the order of the trials.
            trials.Sort((one, two) => one.Trial.IsBetterThan(two.Trial) ? -1 : two.Trial.IsBetterThan(one.Trial) ? 1 : one.Trial.Number.CompareTo(two.Trial.Number));
            candidates = [.. trials.Where(one => one.Trial.Score is not null).Take(Math.Max(1, candidates.Length / Reduction)).Select(one => one.Candidate)];
        }

        return true;
    }

    /// <summary>What a level divides the epochs by: 9, 3 and 1 as far as that differs.</summary>
    private static IEnumerable<int> DivisorsOf(int epochs) => new[] { Reduction * Reduction, Reduction, 1 }.Where(divisor => divisor == 1 || epochs >= divisor);

    private IReadOnlyList<string> Candidate(int round, int index)
    {
        if (round == 0 && index == 0) return [];
        var random = new RandomSource(_recipe.Training.Seed, Stream, (ulong)round, (ulong)index);
        if (round == 0 || index % 2 == 0 || _best is null) return _space.Draw(random);
        return _space.DrawNear(_bestCandidate, random);
    }

    /// <summary>Trains a candidate, or remembers it.</summary>
    /// <returns>Null where there is no time for it.</returns>
    private TuningTrial? Try(IReadOnlyList<string> candidate, int level, int divisor, Search search)
    {
        int number = ++_next;
        if (number > MostTrials) return null;
        int epochs = Math.Max(1, (_recipe.With(candidate).Training.Epochs + divisor - 1) / divisor);
        string[] settings = [.. candidate.Where(setting => !setting.StartsWith("training.epochs=", StringComparison.Ordinal)), $"training.epochs={epochs}"];
        TuningTrial? trial;
        if (number <= _log.Trials.Count)
        {
            trial = _log.Trials[number - 1];
            if (trial.Level != level || !trial.Settings.SequenceEqual(settings))
                throw new TuningException($"tuning.jsonl holds another trial {number} than this version tries; expected a search that it began, or another folder");
        }
        else
        {
            trial = Train(number, level, settings, search);
            if (trial is null) return null;
            _log.Append(trial);
        }

        if (trial.IsBetterThan(_best)) (_best, _bestCandidate) = (trial, candidate);
        search.Progress?.Report(trial);
        return trial;
    }

    private TuningTrial? Train(int number, int level, string[] settings, Search search)
    {
        double Spent() => search.SecondsBefore + Time.GetElapsedTime(search.Start).TotalSeconds;

        if (search.Cancellation.IsCancellationRequested || Spent() >= Limit.TotalSeconds) return null;
        double begun = Spent();
        var trial = new TuningTrial { Number = number, Level = level, Settings = settings };
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(search.Cancellation);
        ValidationScore? best = null;
        try
        {
            Recipe recipe = _recipe.With(settings);
            var trainer = new Trainer(recipe, () => Objective.Create(recipe, _folders.Data), new MemoryStore()) { Time = Time };
            using Model working = trainer.Model;
            RunEnd end = trainer.Run(new ProgressWatcher(progress =>
            {
                if (progress is { IsBest: true, Score: { } score }) best = score;
                if (Spent() >= Limit.TotalSeconds) stop.Cancel();
            }), stop.Token);
            if (end == RunEnd.Interrupted) return null;
        }
        catch (Exception error) when (error is TrainingDivergedException || (error is RecipeException && number > 1))
        {
            return trial with { Fault = error.Message, Seconds = Spent() - begun };
        }

        return trial with { Score = best, Fault = best is null ? "it made no evaluation" : null, Seconds = Spent() - begun };
    }

    /// <summary>One run of the search.</summary>
    private sealed record Search(long Start, double SecondsBefore, IProgress<TuningTrial>? Progress, CancellationToken Cancellation);
}
