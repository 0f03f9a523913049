using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Weights;
using RnnService.Training.Objectives;
using RnnService.Training.Optimizers;
using RnnService.Training.Recipes;
using RnnService.Training.Threading;

namespace RnnService.Training.Runs;

/// <summary>What the forward and backward passes over a batch gave.</summary>
/// <param name="Loss">Mean loss in nats a prediction.</param>
/// <param name="Norm">The norm of that mean's gradient.</param>
/// <param name="Predictions">Predictions made.</param>
/// <param name="Tokens">Tokens read.</param>
internal readonly record struct BatchLoss(double Loss, double Norm, long Predictions, long Tokens);

/// <summary>
/// Forward with the tape, loss and backward over a batch, each part of it on a thread with a tape and gradients of its own; what they add up
/// to is the same however many threads there were.
/// </summary>
internal sealed class BatchGradient
{
    private readonly Objective _objective;
    private readonly TrainingSettings _settings;
    private readonly Gradients[] _gradients; // one a shard
    private readonly Workspace[] _workspaces;
    private readonly WeightDrop? _weightDrop;
    private readonly LayerRelease _release;

    public BatchGradient(Objective objective, TrainingSettings settings, LayerRelease release)
    {
        _release = release;
        (_objective, _settings) = (objective, settings);
        _gradients = [.. Enumerable.Range(0, settings.Shards).Select(_ => new Gradients(objective.Parameters))];
        _workspaces = [.. Enumerable.Range(0, settings.Shards).Select(_ => new Workspace())];
        float rate = settings.Dropout.Recurrent;
        _weightDrop = rate > 0 ? new WeightDrop(objective.Parameters, settings.Seed, rate) : null;
    }

    /// <summary>
    /// Computes the gradient of the summed loss of the batch that the objective got ready. The model must be refreshed afterwards: with weight drop it is
    /// left as it was packed for this batch.
    /// </summary>
    /// <param name="step">The step's number, from 0: dropout is drawn from it.</param>
    /// <param name="epoch">The epoch: parts of the network that are not released yet have no gradient.</param>
    public BatchLoss ForwardAndBackward(long step, int epoch)
    {
        int depth = _release.DepthIn(epoch);
        bool drops = _weightDrop is not null && depth > 0; // what a head that is trained alone reads stays
        if (drops)
        {
            _weightDrop!.Drop(step);
            _objective.Refresh();
        }

        var parts = new ShardResult[_settings.Shards];
        ParallelLoop.For(_settings.Shards, shard =>
        {
            _workspaces[shard].Reset();
            _gradients[shard].Clear();
            var dropout = new Dropout(_settings.Seed, (ulong)step, (ulong)shard) { EachStep = _settings.Dropout.EachStep };
            parts[shard] = _objective.Run(shard, new Pass(_workspaces[shard], dropout, record: true) { TrainedDepth = depth }, _gradients[shard]);
        });

        // In a fixed order, so that the sum has the same bits however many threads there were.
        for (int shard = 1; shard < parts.Length; shard++) _gradients[0].Add(_gradients[shard]);
        if (drops) _weightDrop!.Restore(_gradients[0]);
        // What two parts share has a gradient from both, and some parts are not left out of backward.
        foreach (Parameter parameter in _objective.Parameters.All.Where(parameter => _release.FirstEpochOf(parameter) > epoch)) _gradients[0].Clear(parameter);
        long predictions = parts.Sum(part => part.Predictions);
        return new BatchLoss(
            parts.Sum(part => part.Loss) / predictions, _gradients[0].Norm() / predictions, predictions, parts.Sum(part => part.Tokens));
    }

    /// <summary>The gradient of the mean loss, cut to the recipe's norm.</summary>
    public Gradients Clip(BatchLoss batch)
    {
        double limit = _settings.ClipNorm;
        double factor = limit > 0 && batch.Norm > limit ? limit / batch.Norm : 1;
        _gradients[0].Scale((float)(factor / batch.Predictions));
        return _gradients[0];
    }
}
