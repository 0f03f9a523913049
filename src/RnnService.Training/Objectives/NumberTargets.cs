using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Training.Corpora;
using RnnService.Training.Evaluation;

namespace RnnService.Training.Objectives;

/// <summary>What a model of numbers is to give for examples, and the statistics that it measures by: those of what it is trained on.</summary>
internal sealed class NumberTargets
{
    private readonly NumberModel _model;
    private readonly LabelIds _ids;
    private readonly IMeasuredNetwork _units;
    private readonly float _huber;

    public NumberTargets(NumberModel model, IReadOnlyList<NumberExample> train, float huber, TakenOver? taken)
    {
        (_model, _ids, _units, _huber) = (model, new LabelIds(model.Config), (IMeasuredNetwork)model.Network, huber > 0 ? huber : float.PositiveInfinity);
        // What was learnt in some units is of use in them alone.
        if (taken is null) Measure(_units.InputUnits, train.Select(example => example.Sequence.Values));
        if (model is Regressor && taken?.Labels != model.Config.Labels.Count) Measure(_units.OutputUnits!, train.Select(example => example.Values));
    }

    /// <summary>The labels of a configuration, or where it names none those of the corpus in ordinal order.</summary>
    public static IReadOnlyList<string> LabelsOf(ModelConfig config, IReadOnlyList<NumberExample> train)
    {
        if (config.Labels.Count > 0 || config.Task == ModelTask.Forecaster) return config.Labels;
        if (config.Task != ModelTask.Regressor) return [.. train.SelectMany(example => example.Labels).Distinct().Order(StringComparer.Ordinal)];
        NumberExample first = train[0];
        int values = config.Numbers!.EachStep ? Math.Max(1, first.Values.Length / Math.Max(1, first.Sequence.Steps)) : 1;
        return values == 1 ? ["value"] : [.. Enumerable.Range(1, values).Select(i => $"value{i}")];
    }

    /// <summary>Refuses one label for all that a classifier or tagger is to learn from.</summary>
    /// <param name="config">The configuration, with the labels.</param>
    /// <param name="place">What messages call the corpus.</param>
    /// <param name="format">How its file is written; null where a program gave it.</param>
    /// <exception cref="CorpusException">There is but one.</exception>
    public static void ThrowIfOneLabel(ModelConfig config, string place, string? format)
    {
        if (config.Task is not (ModelTask.Classifier or ModelTask.Tagger) || config.Labels is not [var label]) return;
        string one = $"{place}: every {(config.Task == ModelTask.Tagger ? "step" : "sequence")} has the label {Listing.Quote(label)}; expected two labels or more";
        throw new CorpusException(format switch
        {
            CorpusFormat.Csv => new CorpusNote($"{one}: is the label in another column", new CorpusSetting("label_column", "COLUMN")),
            CorpusFormat.Wav => new CorpusNote($"{one}: does another part of the files' names say it", new CorpusSetting("name_pattern", "REGEX")),
            _ => new CorpusNote(one),
        });
    }

    /// <summary>Checks that an example can be learnt from.</summary>
    /// <exception cref="InvalidDataException">It cannot; the message says which, and why.</exception>
    public static void Check(ModelConfig config, NumberExample example)
    {
        NumberChecks.Check(config, example);
        if (HasRoom(config, example)) return;
        throw NumberChecks.Wrong(
            example,
            $"has {example.Labels.Count} symbols for {example.Sequence.Steps} steps; expected fewer: a symbol takes a step, and one more where it follows itself");
    }

    /// <summary>Whether a transcriber has steps enough for what is said.</summary>
    public static bool HasRoom(ModelConfig config, NumberExample example) =>
        config.Task != ModelTask.Transcriber || CtcLoss.LeastSteps<string>([.. example.Labels]) <= example.Sequence.Steps;

    /// <summary>Adds the gradient of the summed loss of examples.</summary>
    public ShardResult Run(NumberExample[] batch, Pass pass, DropoutRates rates, Gradients gradients)
    {
        NumberSequence[] rows = [.. batch.Select(example => example.Sequence)];
        long steps = rows.Sum(row => (long)row.Steps);
        return _model switch
        {
            NumberClassifier => new(Sequence(batch.Select(example => _ids.Of(example.Labels[0])).ToArray()), rows.Length, steps),
            NumberTagger => new(Steps<IReadOnlyList<ReadOnlyMemory<int>>>([.. batch.Select(example => Ids(example, 0))]), steps, steps),
            Transcriber => new(Steps<IReadOnlyList<ReadOnlyMemory<int>>>([.. batch.Select(example => Ids(example, 1))]), batch.Sum(example => (long)example.Labels.Count), steps),
            Regressor when !_model.Numbers.EachStep => new(Sequence(Values(batch)), (long)rows.Length * _model.Outputs, steps),
            _ => new(Steps(Values(batch)), steps * _model.Outputs, steps),
        };

        double Sequence<TTargets>(TTargets targets) => Loss<SequenceHead.Trace, TTargets>(targets);

        double Steps<TTargets>(TTargets targets) => Loss<StepHead.Trace, TTargets>(targets);

        double Loss<THead, TTargets>(TTargets targets)
            where THead : struct, IHeadTrace
        {
            var network = (NumberNetwork<THead, TTargets>)_model.Network;
            var trace = network.Forward(pass, rows, network.NewState(rows.Length), rates);
            return network.Backward(pass, trace, targets, gradients);
        }
    }

    /// <summary>Of a regressor of whole sequences: the norms of each sequence's gradient of its loss with respect to h after each step, [slots][N][T].</summary>
    public float[][][] StateGradients(IReadOnlyList<NumberExample> batch) =>
        ((NumberNetwork<SequenceHead.Trace, ValueTargets>)_model.Network).StateGradients([.. batch.Select(example => example.Sequence)], Values(batch));

    /// <summary>The values that should come out for examples, as the network gives them.</summary>
    public ValueTargets Values(IReadOnlyList<NumberExample> batch) => new([.. batch.Select(example => _model is Forecaster ? Ahead(example.Sequence) : Standard(example))], _huber);

    private ReadOnlyMemory<int> Ids(NumberExample example, int first) => example.Labels.Select(label => first + _ids.Of(label)).ToArray();

    private ReadOnlyMemory<float> Standard(NumberExample example)
    {
        int size = _model.Outputs;
        float[] standard = new float[_model.Numbers.EachStep ? example.Values.Length : size];
        for (int at = 0; at < standard.Length; at += size)
            _units.OutputUnits!.Forward(example.Values.Span.Slice(at, size), standard.AsSpan(at, size));
        return standard;
    }

    /// <summary>After every step the next ones; NaN past the end.</summary>
    private float[] Ahead(NumberSequence sequence)
    {
        int size = sequence.Features, horizon = _model.Numbers.Horizon;
        float[] next = new float[sequence.Steps * horizon * size];
        Array.Fill(next, float.NaN);
        for (int t = 0; t < sequence.Steps; t++)
        {
            for (int h = 0; h < horizon && t + 1 + h < sequence.Steps; h++)
                _units.InputUnits.Forward(sequence.Values.Span.Slice((t + 1 + h) * size, size), next.AsSpan((t * horizon + h) * size, size));
        }

        return next;
    }

    private static void Measure(Standardization units, IEnumerable<ReadOnlyMemory<float>> rows)
    {
        double[] sums = new double[units.Size], squares = new double[units.Size];
        long count = 0;
        ReadOnlyMemory<float>[] all = [.. rows];
        foreach (ReadOnlyMemory<float> values in all)
        {
            for (int i = 0; i < values.Length; i++) sums[i % units.Size] += values.Span[i];
            count += values.Length / units.Size;
        }

        double[] means = [.. sums.Select(sum => sum / Math.Max(1, count))];
        foreach (ReadOnlyMemory<float> values in all)
        {
            for (int i = 0; i < values.Length; i++) squares[i % units.Size] += Math.Pow(values.Span[i] - means[i % units.Size], 2);
        }

        units.Set([.. means.Select(mean => (float)mean)], [.. squares.Select(square => (float)Math.Sqrt(square / Math.Max(1, count)))]);
    }
}
