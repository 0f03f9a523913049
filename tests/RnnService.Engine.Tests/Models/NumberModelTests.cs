using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Models;

/// <summary>What holds for every model that reads numbers.</summary>
public sealed class NumberModelTests : IDisposable
{
    private static readonly int[] Lengths = [5, 1, 9, 33, 2, 9];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rnn-numbers-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(CellKind.Lstm, false)]
    [InlineData(CellKind.Gru, true)]
    [InlineData(CellKind.Tanh, false)]
    public void A_sequence_gives_the_same_bits_alone_and_in_company(CellKind cell, bool both)
    {
        NumberSequence[] rows = TinyNumbers.Draw(3, Lengths);
        foreach (NumberModel model in TinyNumbers.All(cell, both))
        {
            float[][] together = model.Logits(rows);
            for (int i = 0; i < rows.Length; i++) Assert.Equal(model.Logits([rows[i]])[0], together[i]);
        }
    }

    /// <summary>Of one value the gradient by an earlier state is a factor times the value's, which is measured by going on from states a little aside.</summary>
    [Theory]
    [InlineData(CellKind.Tanh)]
    [InlineData(CellKind.GruBefore)]
    public void Gradients_of_a_loss_by_earlier_states_are_those_of_going_on_from_there(CellKind cell)
    {
        const int steps = 8, hidden = 5;
        const float aside = 1e-2f;
        var config = new ModelConfig { Task = ModelTask.Regressor, Cell = cell, HiddenSize = hidden, Labels = ["value"], Numbers = new NumbersConfig { Features = 3 } };
        var model = NumberModel.Create(config, Parameters.Random(5));
        NumberSequence[] rows = TinyNumbers.Draw(3, [steps, 4]);
        float[][][] norms = ((NumberNetwork<SequenceHead.Trace, ValueTargets>)model.Network).StateGradients(rows, new ValueTargets([new[] { 3f }, new[] { -2f }]));
        Assert.Equal([steps, 4], Assert.Single(norms).Select(row => row.Length));
        double[] measured = [.. Enumerable.Range(0, steps - 1).Select(t => Math.Sqrt(Enumerable.Range(0, hidden).Sum(unit => Math.Pow((Value(t, unit, aside) - Value(t, unit, -aside)) / (2 * aside), 2))))];
        for (int t = 0; t < steps - 1; t++) Assert.Equal(measured[t] / measured[^1], norms[0][0][t] / norms[0][0][steps - 2], 2e-2 * measured[t] / measured[^1]);

        float Value(int step, int unit, float change)
        {
            RecurrentState state = model.NewState(1);
            model.Logits([rows[0].Slice(0, step + 1)], state);
            state.Hidden[unit] += change;
            return model.Logits([rows[0].Slice(step + 1, steps - step - 1)], state)[0][0];
        }
    }

    [Theory]
    [InlineData(CellKind.Lstm)]
    [InlineData(CellKind.Gru)]
    public void Pieces_with_carried_states_give_the_bits_of_the_whole(CellKind cell)
    {
        NumberSequence[] rows = TinyNumbers.Draw(3, Lengths);
        foreach (NumberModel model in TinyNumbers.All(cell).Where(model => model.IsCausal))
        {
            float[][] whole = model.Logits(rows), pieces = [.. rows.Select(_ => Array.Empty<float>())];
            bool once = whole[3].Length == model.Outputs;
            int[] read = new int[rows.Length];
            var state = model.NewState(rows.Length);
            foreach (int size in (int[])[1, 3, 0, 7, 1, 100])
            {
                float[][] found = model.Logits([.. rows.Select((row, i) => row.Slice(read[i], Math.Min(size, row.Steps - read[i])))], state);
                for (int i = 0; i < rows.Length; i++)
                {
                    read[i] += Math.Min(size, rows[i].Steps - read[i]);
                    pieces[i] = once ? found[i].Length > 0 ? found[i] : pieces[i] : [.. pieces[i], .. found[i]];
                }
            }

            for (int i = 0; i < rows.Length; i++) Assert.Equal(whole[i], pieces[i]);
        }

    }

    [Fact]
    public void What_is_written_down_piece_by_piece_is_what_is_written_of_the_whole()
    {
        var model = (Transcriber)TinyNumbers.Model(ModelTask.Transcriber);
        // Weights that are large enough to say something.
        foreach (Parameter parameter in model.Parameters.All.Where(parameter => parameter.Name.Contains("weight", StringComparison.Ordinal)))
        {
            foreach (ref float value in parameter.Data.AsSpan()) value *= 8;
        }

        model.Refresh();
        NumberSequence row = TinyNumbers.Draw(8, 200)[0];
        Transcript whole = model.Transcribe(row);
        Assert.True(whole.Symbols.Count > 3);
        TranscriptStream stream = model.NewStream();
        var state = model.NewState(1);
        var found = new List<HeardSymbol>();
        for (int t = 0; t < row.Steps; t += 7) found.AddRange(stream.Push(model.Logits([row.Slice(t, Math.Min(7, row.Steps - t))], state)[0]));
        Assert.Equal(whole.Symbols, found);
        Assert.Equal((row.Steps, whole.Text), (stream.Steps, stream.Text));
        Assert.Equal(whole.Text, string.Join(" ", whole.Symbols.Select(symbol => symbol.Text)));
        Assert.Equal(1, model.Classify(row).Sum(label => label.Score), 1e-5);
    }

    [Fact]
    public void A_long_sequence_that_says_something_at_every_step_is_written_down()
    {
        // A table of places by steps would have thousands of millions of numbers.
        const int steps = 40_000;
        var model = (Transcriber)TinyNumbers.Model(ModelTask.Transcriber);
        float[] logits = new float[steps * model.Outputs];
        for (int t = 0; t < steps; t++) logits[t * model.Outputs + 1 + t % 2] = 1;
        Transcript found = model.Decode(logits);
        Assert.Equal(steps, found.Symbols.Count);
        Assert.Equal(model.Symbols.Take(2), found.Symbols.TakeLast(2).Select(symbol => symbol.Text));
    }

    [Fact]
    public void Which_one_symbol_it_is_is_told_in_both_orders()
    {
        var model = (Transcriber)TinyNumbers.Model(ModelTask.Transcriber);
        float[] logits = model.Logits(TinyNumbers.Draw(8, 20))[0];
        float[] inOrder = model.OneSymbolLogits(logits);
        double[] each = [.. model.Symbols.Select((_, symbol) => Math.Exp(CtcLoss.LogProbability(logits, model.Outputs, [symbol + 1])))];
        for (int i = 0; i < each.Length; i++) Assert.Equal(each[i] / each.Sum(), Math.Exp(inOrder[i]), 1e-6);
        IReadOnlyList<LabelScore> best = model.OneSymbol(logits);
        Assert.Equal(best.OrderByDescending(label => label.Score), best);
        foreach (LabelScore label in best) Assert.Equal(Math.Exp(inOrder[model.Symbols.ToList().IndexOf(label.Label)]), label.Score, 1e-6);

        // So sure of nothing that floats are at their end.
        Assert.All(model.OneSymbolLogits([.. Enumerable.Range(0, 4 * model.Outputs).Select(i => i % model.Outputs == 0 ? 3e38f : -3e38f)]), value => Assert.True(float.IsFinite(value)));
    }

    [Theory]
    [InlineData(ElementType.F32, 0)]
    [InlineData(ElementType.BF16, 0.01)]
    [InlineData(ElementType.I8, 0.03)]
    public void Saved_and_loaded_it_gives_the_same_bits_and_narrow_weights_nearly_the_same_logits(ElementType type, float most)
    {
        NumberSequence[] rows = TinyNumbers.Draw(3, Lengths);
        foreach (NumberModel model in TinyNumbers.All())
        {
            string path = Path.Combine(_folder.FullName, $"{Guid.NewGuid():n}");
            ModelFolder.Save(path, model, "[[1, 2, 3], [0.5, -1, 0]]", type);
            Assert.False(File.Exists(Path.Combine(path, "vocab.json")));
            var once = (NumberModel)ModelFolder.Load(path).Model;
            Assert.Equal(model.GetType(), once.GetType());
            Assert.Equivalent(model.Config, once.Config, strict: true);
            float[][] found = once.Logits(rows);
            float moved = model.Logits(rows).Zip(found, (exact, narrow) => exact.Zip(narrow, (x, y) => Math.Abs(x - y)).Max()).Max();
            Assert.InRange(moved, type == ElementType.F32 ? 0 : float.Epsilon, most);
            ModelFolder.Save(path, once, "[[1, 2, 3]]", type);
            Assert.Equal(found, ModelFolder.Load<NumberModel>(path).Logits(rows));
        }
    }

    [Fact]
    public void Values_come_in_their_own_units()
    {
        var once = (Regressor)TinyNumbers.Model(ModelTask.Regressor);
        NumberSequence row = TinyNumbers.Draw(4, 6)[0];
        float[] plain = once.Logits([row])[0], values = once.Values(row);
        Assert.Equal([plain[0] * 3 + 10, plain[1] * 4 + 20], values);

        var forecaster = (Forecaster)TinyNumbers.Model(ModelTask.Forecaster);
        float[] last = forecaster.Logits([row])[0][^6..];
        NumberSequence next = forecaster.Forecast(row);
        Assert.Equal(2, next.Steps);
        Assert.Equal([.. last.Select((value, i) => (value * ((float[])[2, 0.5f, 1])[i % 3]) + ((float[])[0.5f, -1, 3])[i % 3])], next.Values.ToArray());
    }

    [Theory]
    [InlineData("[[1, 2, 3], [1, 2]]", "step 1 has 2 values; expected 3")]
    [InlineData("[]", "the sequence has no step; expected one or more")]
    [InlineData("[[1, 2, 1e39]]", "values[0][2] is Infinity; expected a finite number")]
    [InlineData("{\"a\": 1}", "the input is no list of steps; expected JSON such as [[0.5, 1], [0, 2]]")]
    [InlineData("[[1, 2, \"x\"]]", "the input is no list of steps; expected JSON such as [[0.5, 1], [0, 2]]")]
    public void Input_that_cannot_be_read_is_refused_in_a_sentence(string json, string message) =>
        Assert.Equal(message, Assert.Throws<ArgumentException>(() => TinyNumbers.Model(ModelTask.Tagger).Answer(json)).Message);

    [Fact]
    public void Values_that_are_no_numbers_are_refused_with_their_place()
    {
        NumberModel model = TinyNumbers.Model(ModelTask.Tagger);
        var row = new NumberSequence(new[] { 1, 2, 3, 4, float.NaN, 6 }, 3);
        Assert.Equal("values[1][1] is NaN; expected a finite number", Assert.Throws<ArgumentException>(() => model.Check(row)).Message);
        Assert.Equal(
            "a step has 2 values; expected 3", Assert.Throws<ArgumentException>(() => model.Check(new NumberSequence(new float[4], 2))).Message);
    }

    [Fact]
    public void A_contradiction_of_the_configuration_is_refused_by_name()
    {
        ModelConfig sound = TinyNumbers.Model(ModelTask.Classifier).Config;
        NumbersConfig numbers = sound.Numbers!;
        Refused(sound with { Numbers = numbers with { Features = 0 } }, "numbers.features is 0; expected 1 to 4096");
        Refused(sound with { Numbers = numbers with { Names = ["a"] } }, "numbers.names is 1; expected 3 (numbers.features), or none");
        Refused(sound with { Numbers = numbers with { Horizon = 4 } }, "numbers.horizon is 4; expected none (left out) but for a forecaster");
        Refused(sound with { Numbers = numbers with { EachStep = true } }, "numbers.each_step is True; expected false but for a regressor");
        Refused(sound with { EmbeddingSize = 8 }, "embedding_size is 8; expected none (left out), since the model reads numbers");
        Refused(sound with { Task = ModelTask.LanguageModel, Labels = [] }, "numbers is given; expected none (null), since a language_model reads text");
        Refused(sound with { Task = ModelTask.Transcriber, Numbers = null, Tokenizer = Engine.Text.Tokenization.Whitespace, EmbeddingSize = 3 },
            "numbers is missing; expected it, since a transcriber reads numbers");
        var audio = new AudioConfig();
        Refused(sound with { Numbers = numbers with { Audio = audio } }, "numbers.features is 3; expected 80, as numbers.audio makes of a step");
        Refused(sound with { Numbers = numbers with { Features = 80, Audio = audio with { FftSize = 300 } } }, "numbers.audio.fft_size is 300; expected a power of two");
        Refused(sound with { Numbers = numbers with { Features = 80, Audio = audio with { HighFrequency = 5000 } } },
            "numbers.audio.high_frequency is 5000; expected more than 0 (low_frequency) to 4000");

        static void Refused(ModelConfig config, string message) => Assert.Equal(message, Assert.Throws<ArgumentException>(config.Validate).Message);
    }
}
