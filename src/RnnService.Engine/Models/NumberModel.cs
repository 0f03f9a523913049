using System.Text.Json;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Models;

/// <summary>A model that reads sequences of numbers: see <see cref="Model"/>.</summary>
public abstract class NumberModel : Model
{
    private protected NumberModel(ModelConfig config, INumberNetwork network)
        : base(config)
    {
        Network = network;
    }

    /// <inheritdoc/>
    public override INumberNetwork Network { get; }

    /// <summary>What it reads.</summary>
    public NumbersConfig Numbers => Config.Numbers!;

    /// <summary>How many outputs the network gives at a time.</summary>
    public int Outputs => Network.Outputs;

    /// <summary>Whether pieces of a sequence with carried states give what the whole gives.</summary>
    public bool IsCausal => Network.IsCausal;

    private protected IMeasuredNetwork Measured => Network as IMeasuredNetwork
        ?? throw new InvalidOperationException($"{Network.Backend} computes this model: the units of its values are not known");

    /// <summary>Builds the model that a configuration describes, computed by this engine.</summary>
    /// <exception cref="ArgumentException">The configuration contradicts itself.</exception>
    public static NumberModel Create(ModelConfig config, Parameters parameters) => (NumberModel)Create(config, null, parameters);

    /// <summary>A zero state for this many sequences.</summary>
    public RecurrentState NewState(int rows) => Network.NewState(rows);

    /// <summary>
    /// What the network gives for each sequence: [steps·outputs], or [outputs] where a sequence has one answer. What a sequence gives does not
    /// depend on its company.
    /// </summary>
    /// <param name="rows">The sequences, none empty; see <see cref="Check"/>.</param>
    /// <param name="betweenSteps">See <see cref="IClassifierNetwork.Forward"/>.</param>
    /// <exception cref="NetworkException">The network cannot compute one of these sequences.</exception>
    public float[][] Logits(IReadOnlyList<NumberSequence> rows, Action? betweenSteps = null) => Logits(rows, NewState(rows.Count), betweenSteps);

    /// <summary>As <see cref="Logits(IReadOnlyList{NumberSequence}, Action?)"/>, going on from states; an empty sequence gives nothing.</summary>
    /// <param name="rows">The next steps of each sequence.</param>
    /// <param name="state">In: the states before them; out: after them.</param>
    /// <param name="betweenSteps">See <see cref="IClassifierNetwork.Forward"/>.</param>
    /// <exception cref="NetworkException">The network cannot compute one of these sequences.</exception>
    public float[][] Logits(IReadOnlyList<NumberSequence> rows, RecurrentState state, Action? betweenSteps = null)
    {
        float[][] result = [.. rows.Select(_ => Array.Empty<float>())];
        Network.Forward(rows, state, (row, step, logits) =>
        {
            NetworkException.ThrowIfNotFinite(logits);
            if (step == 0) result[row] = new float[(Config.AnswersEachStep ? rows[row].Steps : 1) * Outputs];
            logits.CopyTo(result[row].AsSpan(step * Outputs));
        }, betweenSteps);
        return result;
    }

    /// <summary>Checks that a sequence can be read.</summary>
    /// <exception cref="ArgumentException">It has no step, steps of another size, or a value that is no finite number; the message says where.</exception>
    public void Check(NumberSequence sequence)
    {
        if (sequence.Features != Numbers.Features)
            throw new ArgumentException($"a step has {sequence.Features} values; expected {Numbers.Features}");
        if (sequence.Steps == 0) throw new ArgumentException("the sequence has no step; expected one or more");
        int wrong = sequence.Values.Span.IndexOfAnyExceptInRange(float.MinValue, float.MaxValue);
        if (wrong < 0) return;
        throw new ArgumentException(FormattableString.Invariant(
            $"values[{wrong / sequence.Features}][{wrong % sequence.Features}] is {sequence.Values.Span[wrong]}; expected a finite number"));
    }

    /// <summary>A sequence from its JSON: a list of steps, each a list of numbers, or a number where a step has one value.</summary>
    /// <exception cref="ArgumentException">It is something else; the message says what.</exception>
    public NumberSequence Read(string json)
    {
        var values = new List<float>();
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            foreach (JsonElement step in document.RootElement.EnumerateArray())
            {
                int before = values.Count;
                if (step.ValueKind == JsonValueKind.Number) values.Add(step.GetSingle());
                else values.AddRange(step.EnumerateArray().Select(value => value.GetSingle()));
                if (values.Count - before != Numbers.Features)
                    throw new ArgumentException($"step {before / Numbers.Features} has {values.Count - before} values; expected {Numbers.Features}");
            }
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            throw new ArgumentException("the input is no list of steps; expected JSON such as [[0.5, 1], [0, 2]]", error);
        }

        var sequence = new NumberSequence(values.ToArray(), Numbers.Features);
        Check(sequence);
        return sequence;
    }

    /// <inheritdoc/>
    public override ModelAnswer Answer(string input)
    {
        NumberSequence sequence = Read(input);
        return AnswerOf(Logits([sequence])[0]);
    }

    /// <summary>What is kept of the outputs for a sequence.</summary>
    private protected abstract ModelAnswer AnswerOf(float[] logits);

    /// <summary>Outputs [rows·outputs] as they are, to be kept.</summary>
    private protected static ModelAnswer Plain(float[] outputs, Func<int, string> name) => new([.. outputs.Select((_, i) => name(i))], outputs);

    /// <summary>The outputs of checked sequences, a few of about the same length at a time.</summary>
    private protected float[][] InBatches(IReadOnlyList<NumberSequence> sequences)
    {
        foreach (NumberSequence sequence in sequences) Check(sequence);
        float[][] all = new float[sequences.Count][];
        foreach (int[] batch in LengthBatches.Of([.. sequences.Select(sequence => sequence.Steps)]))
        {
            float[][] some = Logits([.. batch.Select(index => sequences[index])]);
            for (int i = 0; i < batch.Length; i++) all[batch[i]] = some[i];
        }

        return all;
    }
}
