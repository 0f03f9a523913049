using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Training.Cards;
using RnnService.Training.Curves;
using RnnService.Training.Log;
using RnnService.Training.Recipes;

namespace RnnService.Training.Runs;

/// <summary>
/// Keeps a run in its model folder: recipe, log, curve and checkpoint in the <c>training</c> folder, the best model and its card beside it.
/// One run at a time.
/// </summary>
internal sealed class FolderStore(RunFolders folders) : IRunStore
{
    private (DateTime Written, long Length) _found; // the checkpoint as this run read or wrote it
    private TrainingLog? _log;

    public bool CanResume(bool restart)
    {
        bool hasModel = ModelFolder.IsOne(folders.Output);
        bool resume = File.Exists(folders.Checkpoint) && !restart && (hasModel || !Checkpoint.IsOfNoStep(folders.Checkpoint));
        if (!resume && !restart && hasModel)
            throw new RunFolderException($"{folders.Output} holds a finished model; expected another folder");
        if (Directory.Exists(folders.Training)) Lock().Dispose(); // refuses a folder that another run is in, before the corpora are read
        return resume;
    }

    public void Resume(Checkpoint checkpoint)
    {
        using (Lock())
        {
            checkpoint.Load(folders.Checkpoint);
            SweepUp();
        }

        _found = Stamp();
    }

    public void Begin(Recipe recipe, Checkpoint checkpoint)
    {
        try
        {
            Directory.CreateDirectory(folders.Training);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw WholeFile.Unwritable(folders.Training, error);
        }

        using (Lock())
        {
            SweepUp();
            checkpoint.Save(folders.Checkpoint);
            PutAside();
            WholeFile.Write(folders.Recipe, recipe.ToJson());
        }

        _found = Stamp();
    }

    public IDisposable OpenSession(long step)
    {
        FolderLock held = Lock();
        try
        {
            if (Stamp() != _found)
                throw new RunFolderException($"{folders.Output} was written by another run since this one was prepared; expected one run in a folder");
            _log = TrainingLog.Open(folders.Log);
            _log.TruncateAfter(step);
            return new Session(this, held);
        }
        catch
        {
            _log?.Dispose();
            held.Dispose();
            throw;
        }
    }

    public void Append(LogRecord record)
    {
        _log!.Append(record);
        if (record is not EvaluationRecord) return;
        LearningCurve.WriteSvg(
            TrainingLog.Read(folders.Log), folders.Curve, Path.GetFileName(Path.TrimEndingDirectorySeparator(folders.Output)));
    }

    public void Save(Checkpoint checkpoint) => checkpoint.Save(folders.Checkpoint);

    public void Save(BestModel best)
    {
        ModelFolder.Save(folders.Output, best.Model, best.Recipe.GoldenInput, metrics: best.Score.Metrics("valid_"));
        if (Directory.Exists(folders.Previous)) Directory.Delete(folders.Previous, recursive: true); // of no use any more
        var card = new TrainedCard
        {
            Folder = folders.Output,
            Model = best.Model,
            Recipe = best.Recipe,
            Corpus = best.Corpus,
            Score = best.Score,
            Epochs = best.Epochs,
            Date = best.Date,
        };
        CardFile.Write(folders.Output, card.Text());
    }

    public void Finish() => File.Delete(folders.Checkpoint); // the model folder holds the best weights

    /// <summary>A model whose score was sound when it was saved stays, however late that was.</summary>
    public string WhatIsLeft(bool hasBest)
    {
        if (!hasBest)
        {
            return ModelFolder.IsOne(folders.Output)
                ? $"The model of an earlier run in {folders.Output} stays as it was"
                : "There is no model yet";
        }

        EvaluationRecord? best = TrainingLog.Read(folders.Log).OfType<EvaluationRecord>().LastOrDefault(record => record.Best);
        return best is null
            ? $"The best model before that stays in {folders.Output}"
            : FormattableString.Invariant($"The best model before that, of step {best.Step} with {best.Metric ?? "loss"} {best.Value ?? best.ValidLoss:G4} ")
                + FormattableString.Invariant($"and validation loss {best.ValidLoss:G4}, stays in {folders.Output}");
    }

    public Model LoadBest() => ModelFolder.Load(folders.Output).Model;

    private FolderLock Lock() => FolderLock.Take(folders.Training, folders.Output);

    /// <summary>What the checkpoint's file is like: another run that begins or resumes changes it.</summary>
    private (DateTime Written, long Length) Stamp()
    {
        var file = new FileInfo(folders.Checkpoint);
        return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
    }

    /// <summary>Moves the records of an earlier run to where they stay until the new run has a model.</summary>
    private void PutAside()
    {
        bool keep = ModelFolder.IsOne(folders.Output) && !Directory.Exists(folders.Previous);
        if (keep) Directory.CreateDirectory(folders.Previous);
        foreach (string file in (string[])[folders.Recipe, folders.Log, folders.Curve])
        {
            if (!File.Exists(file)) continue;
            if (keep) File.Move(file, Path.Combine(folders.Previous, Path.GetFileName(file)));
            else File.Delete(file);
        }
    }

    /// <summary>Removes what a killed process left half written; whoever calls holds the folder's lock.</summary>
    private void SweepUp()
    {
        foreach (string file in Directory.EnumerateFiles(folders.Training, $"*{WholeFile.Unfinished}")) File.Delete(file);
        // The model folder may hold files of the user: only temporary copies of our own files are deleted.
        foreach (string name in NewFolder.Files)
        {
            foreach (string file in Directory.EnumerateFiles(folders.Output, $"{name}.*{WholeFile.Unfinished}")) File.Delete(file);
        }

        FolderExchange.Discard(folders.Output);
    }

    private sealed class Session(FolderStore store, FolderLock held) : IDisposable
    {
        public void Dispose()
        {
            store._log!.Dispose();
            store._found = store.Stamp();
            held.Dispose();
        }
    }
}
