using RnnService.Engine.Layers;
using RnnService.Engine.Weights;
using RnnService.Training.Recipes;

namespace RnnService.Training.Objectives;

/// <summary>What tasks with separate examples share: batches by length, split among the shards, and words read as unknown now and then.</summary>
internal abstract class ExampleObjective(TrainingSettings settings, BaseModel? start = null) : Objective(start)
{
    private int[][] _plan = [];
    private int _planned = -1;
    private int[] _batch = [];
    private FeatureCache? _features;

    private protected TrainingSettings Settings { get; } = settings;

    /// <summary>Most bytes of features that are kept while the head is trained alone.</summary>
    internal long MostFeatureBytes { get; set; } = FeatureCache.UsualBytes;

    /// <summary>What the head reads of some examples, computed once where there is room for it.</summary>
    private protected float[][] Features(int[] examples, Func<int[], float[][]> compute) =>
        LazyInitializer.EnsureInitialized(ref _features, () => new FeatureCache(Lengths.Count, MostFeatureBytes)).Of(examples, compute);

    public override long MostTokens => Lengths.OrderDescending().Take(Settings.BatchSize).Sum(length => (long)length);

    /// <summary>Tokens of every training example.</summary>
    private protected abstract IReadOnlyList<int> Lengths { get; }

    /// <summary>What examples of a batch are alike in.</summary>
    private protected virtual IReadOnlyList<int> Order => Lengths;

    public override int StepsIn(int epoch) => (int)(((long)Lengths.Count + Settings.BatchSize - 1) / Settings.BatchSize);

    public override long StepsUpTo(int epoch) => (long)epoch * StepsIn(0);

    public override void Begin(int epoch, int index)
    {
        if (_planned != epoch)
        {
            _plan = Buckets.Plan(Order, Settings.BatchSize, Settings.Seed, epoch);
            _planned = epoch;
        }

        _batch = _plan[index];
        if (Settings.Release == 0 || epoch >= Settings.Release) _features = null; // of no use any more
    }

    public override ShardResult Run(int shard, Pass pass, Gradients gradients)
    {
        int[] examples = [.. _batch.Where((_, place) => place % Settings.Shards == shard)];
        return examples.Length == 0 ? default : Run(examples, pass, gradients);
    }

    /// <summary>Adds the gradient of the summed loss of these examples.</summary>
    private protected abstract ShardResult Run(int[] examples, Pass pass, Gradients gradients);

    /// <summary>The ids with some replaced by unknown, rare ones more often.</summary>
    private protected int[] DropWords(int[] ids, int[] counts, int unknown, Pass pass)
    {
        if (Settings.UnknownChance <= 0) return ids;
        double a = Settings.UnknownChance;
        return [.. ids.Select(id => pass.Dropout!.Draw(a / (a + counts[id])) ? unknown : id)];
    }

    /// <summary>How often each of so many ids occurs.</summary>
    private protected static int[] Count(int count, IEnumerable<int[]> examples)
    {
        int[] counts = new int[count];
        foreach (int[] ids in examples)
        {
            foreach (int id in ids) counts[id]++;
        }

        return counts;
    }
}
