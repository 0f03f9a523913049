using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Training.Log;
using RnnService.Training.Recipes;

namespace RnnService.Training.Runs;

/// <summary>Keeps only the log and the best weights. Such a run cannot be resumed.</summary>
internal sealed class MemoryStore : IRunStore
{
    private readonly List<LogRecord> _log = [];
    private Model? _best;

    /// <summary>The records so far.</summary>
    public IReadOnlyList<LogRecord> Log => _log;

    public bool CanResume(bool restart) => false;

    public void Resume(Checkpoint checkpoint) => throw new InvalidOperationException("a run in memory cannot be resumed");

    public void Begin(Recipe recipe, Checkpoint checkpoint)
    {
    }

    public IDisposable OpenSession(long step) => new Session();

    public void Append(LogRecord record) => _log.Add(record);

    public void Save(Checkpoint checkpoint)
    {
    }

    public void Save(BestModel best)
    {
        Dictionary<string, float[]> values = best.Model.Parameters.All.ToDictionary(parameter => parameter.Name, parameter => parameter.Values.ToArray());
        _best?.Dispose();
        _best = Model.Create(
            best.Model.Config with { Metrics = best.Score.Metrics("valid_") }, (best.Model as TextModel)?.Vocabulary, Parameters.From((name, _) => values[name]));
    }

    public void Finish()
    {
    }

    public string WhatIsLeft(bool hasBest) => hasBest ? "The best model before that was not written anywhere" : "There is no model yet";

    public Model LoadBest() => _best ?? throw new InvalidOperationException("the run made no evaluation: there is no model yet");

    private sealed class Session : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
