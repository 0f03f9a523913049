using RnnService.Engine.Models;
using RnnService.Training.Log;
using RnnService.Training.Recipes;

namespace RnnService.Training.Runs;

/// <summary>Where a run saves its checkpoints, records and best model: a folder that it can be resumed from, or memory.</summary>
internal interface IRunStore
{
    /// <summary>Whether there is an unfinished run to resume.</summary>
    /// <param name="restart">Start anew whatever there is.</param>
    /// <exception cref="RunFolderException">There is a finished model, or another run is at work.</exception>
    bool CanResume(bool restart);

    /// <summary>Sets a checkpoint back to what is kept.</summary>
    /// <exception cref="RunFolderException">What is kept is of another recipe or corpus.</exception>
    void Resume(Checkpoint checkpoint);

    /// <summary>Begins anew.</summary>
    /// <exception cref="IOException">Nothing can be written.</exception>
    void Begin(Recipe recipe, Checkpoint checkpoint);

    /// <summary>Keeps other runs out until the session ends, and makes ready for the records after a step.</summary>
    /// <exception cref="RunFolderException">Another run is at work, or was since this one was prepared.</exception>
    IDisposable OpenSession(long step);

    /// <summary>Keeps a record of the log.</summary>
    void Append(LogRecord record);

    /// <summary>Saves what is needed to resume the run.</summary>
    void Save(Checkpoint checkpoint);

    /// <summary>Keeps the best model so far in the place of the one before.</summary>
    void Save(BestModel best);

    /// <summary>The run is over: nobody will resume it.</summary>
    void Finish();

    /// <summary>Which model is left when the run fails, as a sentence without its full stop.</summary>
    /// <param name="hasBest">Whether the run had a best model.</param>
    string WhatIsLeft(bool hasBest);

    /// <summary>The best model that was kept.</summary>
    Model LoadBest();
}
