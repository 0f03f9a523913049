using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Tests.Cells;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Models;

public sealed class InspectionTests
{
    private const string Letters = "the cat sat on the mat.", Words = "I liked the film , it was not very bad";

    public static TheoryData<CellKind> Kinds => CellTests.Kinds;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_hidden_state_after_the_last_token_is_the_network_s(CellKind kind)
    {
        LanguageModel model = Tiny.Language(kind);
        TokenizedText text = model.Read(Letters);
        RecurrentState state = model.NewState(1);
        model.Network.Forward([text.Ids], [0], state, (_, _, _) => { });
        for (int layer = 0; layer < 2; layer++)
        {
            Expect.SameBits(state.Hidden[(layer * 13)..((layer + 1) * 13)], Look(model, text, ActivationKind.Hidden, layer)[^1]);
            if (kind == CellKind.Lstm) Expect.SameBits(state.CellState[(layer * 13)..((layer + 1) * 13)], Look(model, text, ActivationKind.Cell, layer)[^1]);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_activations_of_a_beginning_are_the_first_of_the_whole(CellKind kind)
    {
        LanguageModel model = Tiny.Language(kind);
        foreach (ActivationKind what in model.ActivationKinds)
        {
            float[][] whole = Look(model, model.Read(Letters), what, 1);
            float[][] beginning = Look(model, model.Read(Letters[..9]), what, 1);
            for (int t = 0; t < beginning.Length; t++) Expect.SameBits(whole[t], beginning[t]);
        }
    }

    /// <summary>Of two labels the loss of one changes by the other's probability where their margin changes by 1.</summary>
    [Fact]
    public void Gradients_of_a_loss_are_those_of_the_margin_times_what_the_right_label_lacks()
    {
        Classifier three = Tiny.Classifier(CellKind.Gru);
        var model = (Classifier)TextModel.Create(three.Config with { Labels = ["down", "up"] }, three.Vocabulary, Parameters.Random(2));
        TokenizedText text = model.Read(Words);
        IReadOnlyDictionary<string, float> scores = model.Classify(Words).ToDictionary(one => one.Label, one => one.Score);
        GradientNorms margin = Norms(null);
        for (int label = 0; label < 2; label++)
        {
            GradientNorms loss = Norms(label);
            Assert.Equal(label, loss.Answer);
            double lacks = 1 - scores[model.Config.Labels[label]];
            for (int t = 0; t < text.Ids.Length; t++)
            {
                Assert.Equal(lacks * margin.Inputs[t], loss.Inputs[t], 1e-5 * Math.Max(1, margin.Inputs[t]));
                for (int slot = 0; slot < loss.States.Count; slot++)
                    Assert.Equal(lacks * margin.States[slot][t], loss.States[slot][t], 1e-5 * Math.Max(1, margin.States[slot][t]));
            }
        }

        var error = Assert.Throws<ArgumentException>(() => Norms(2));
        Assert.StartsWith("target is 2; expected 0 to 1", error.Message, StringComparison.Ordinal);

        GradientNorms Norms(int? target) => model.Inspect([text], [new InspectionOptions { Gradients = true, Target = target }])[0].Gradients!;
    }

    [Fact]
    public void Gates_make_the_state()
    {
        LanguageModel lstm = Tiny.Language(CellKind.Lstm), gru = Tiny.Language(CellKind.Gru), before = Tiny.Language(CellKind.GruBefore);
        Dictionary<ActivationKind, float[][]> found = All(lstm);
        for (int t = 1; t < Letters.Length; t++)
        {
            for (int unit = 0; unit < 13; unit++)
            {
                double cell = At(ActivationKind.Forget) * found[ActivationKind.Cell][t - 1][unit] + At(ActivationKind.Input) * At(ActivationKind.Candidate);
                Assert.Equal(cell, At(ActivationKind.Cell), 1e-5);
                Assert.Equal(At(ActivationKind.Output) * Math.Tanh(cell), At(ActivationKind.Hidden), 1e-5);

                double At(ActivationKind kind) => found[kind][t][unit];
            }
        }

        foreach (LanguageModel model in (LanguageModel[])[gru, before])
        {
            Dictionary<ActivationKind, float[][]> seen = All(model);
            for (int t = 1; t < Letters.Length; t++)
            {
                for (int unit = 0; unit < 13; unit++)
                {
                    double update = seen[ActivationKind.Update][t][unit];
                    Assert.Equal((1 - update) * seen[ActivationKind.Candidate][t][unit] + update * seen[ActivationKind.Hidden][t - 1][unit],
                        seen[ActivationKind.Hidden][t][unit], 1e-5);
                    Assert.InRange(seen[ActivationKind.Reset][t][unit], 0, 1);
                }
            }
        }

        Dictionary<ActivationKind, float[][]> All(LanguageModel model) =>
            model.ActivationKinds.ToDictionary(kind => kind, kind => Look(model, model.Read(Letters), kind, 0));
    }

    [Fact]
    public void What_reads_from_the_end_has_its_last_state_at_the_first_token()
    {
        Classifier model = Tiny.Classifier(CellKind.Gru);
        TokenizedText text = model.Read(Words), turned = new(text.Tokens.Reverse().ToList(), [.. text.Ids.Reverse()]);
        float[][] reverse = Look(model, text, ActivationKind.Hidden, 0, reverse: true);
        // The first token is what it has read last: of the same text less its beginning, the states are the same.
        float[][] later = Look(model, new TokenizedText([.. text.Tokens.Skip(3)], text.Ids[3..]), ActivationKind.Hidden, 0, reverse: true);
        for (int t = 0; t < later.Length; t++) Expect.SameBits(reverse[t + 3], later[t]);
        Assert.NotEqual(reverse[0], Look(model, turned, ActivationKind.Hidden, 0, reverse: true)[0]);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_text_in_a_batch_is_looked_into_as_alone(CellKind kind)
    {
        foreach (TextModel model in (TextModel[])[Tiny.Language(kind), Tiny.Classifier(kind), Tiny.Tagger(kind)])
        {
            string[] texts = ["the cat sat", "a", "", "it was not very good , I liked the dog"];
            InspectionOptions[] options = [.. texts.Select((_, i) => new InspectionOptions
            {
                Kind = model.ActivationKinds[i % model.ActivationKinds.Count], FirstUnit = i, Units = 3, Gradients = i != 0, Layer = 0,
            })];
            IReadOnlyList<Inspection> together = model.Inspect([.. texts.Select(model.Read)], options);
            for (int i = 0; i < texts.Length; i++)
            {
                Inspection alone = model.Inspect(texts[i], options[i]);
                Assert.Equal(model.Read(texts[i]).Ids.Length, alone.Activations.Count);
                for (int t = 0; t < alone.Activations.Count; t++) Expect.SameBits(alone.Activations[t], together[i].Activations[t]);
                Assert.Equal(i != 0 && model.Read(texts[i]).Ids.Length > 0, alone.Gradients is not null);
                if (alone.Gradients is not { } gradients) continue;
                Expect.SameBits([.. gradients.Inputs], [.. together[i].Gradients!.Inputs]);
                Expect.SameBits([.. gradients.States.SelectMany(one => one)], [.. together[i].Gradients!.States.SelectMany(one => one)]);
                Assert.Equal((gradients.At, gradients.Answer), (together[i].Gradients!.At, together[i].Gradients!.Answer));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Input_gradients_are_those_of_numeric_differences(CellKind kind)
    {
        // Words that occur once, so that each has an embedding of its own.
        Classifier model = Tiny.Classifier(kind, Pooling.Mean);
        int[] text = model.Encode("the film was not bad");
        GradientNorms found = model.Inspect("the film was not bad", new InspectionOptions { Gradients = true }).Gradients!;
        Assert.Null(found.At);
        Parameter embedding = model.Parameters.All.Single(one => one.Name == "embedding.weight");
        for (int t = 0; t < text.Length; t++)
        {
            double squares = 0;
            for (int unit = 0; unit < 9; unit++) squares += Math.Pow(Slope(ref embedding.Data[text[t] * 9 + unit]), 2);
            Assert.Equal(Math.Sqrt(squares), found.Inputs[t], 4e-3 * Math.Max(1, Math.Sqrt(squares)));
        }

        double Slope(ref float value)
        {
            const float Step = 1f / 512;
            float kept = value;
            value = kept + Step;
            model.Refresh();
            double above = Margin();
            value = kept - Step;
            model.Refresh();
            double below = Margin();
            value = kept;
            model.Refresh();
            return (above - below) / (2 * Step);
        }

        double Margin()
        {
            float[] logits = model.Logits([text])[0];
            return logits[found.Answer] - (logits.Sum() - logits[found.Answer]) / 2;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void State_gradients_are_those_of_numeric_differences(CellKind kind)
    {
        LanguageModel model = Tiny.Language(kind);
        TokenizedText text = model.Read("the cat sat");
        GradientNorms found = model.Inspect([text], [new InspectionOptions { Gradients = true }])[0].Gradients!;
        Assert.Equal(text.Ids.Length - 1, found.At);
        for (int t = 0; t < text.Ids.Length - 1; t++)
        {
            RecurrentState state = model.NewState(1);
            model.Network.Forward([text.Ids.AsMemory(0, t + 1)], [0], state, (_, _, _) => { });
            double squares = 0;
            for (int unit = 0; unit < 13; unit++)
            {
                const float Step = 1f / 128;
                squares += Math.Pow((Next(state, unit, Step, t) - Next(state, unit, -Step, t)) / (2 * Step), 2);
            }

            // The upper layer's state is read by its own next step alone.
            Assert.Equal(Math.Sqrt(squares), found.States[1][t], 3e-3 * Math.Max(.1, Math.Sqrt(squares)));
        }

        double Next(RecurrentState state, int unit, float step, int t)
        {
            RecurrentState moved = model.NewState(1);
            moved.CopyFrom(state, 0, 0);
            moved.Hidden[13 + unit] += step;
            double logProbability = 0;
            ReadOnlyMemory<int> rest = text.Ids.AsMemory(t + 1);
            model.Network.Forward([rest], [rest.Length - 1], moved, (_, _, logits) =>
                logProbability = logits[found.Answer] - Activations.LogSumExp(logits, new float[logits.Length]));
            return logProbability;
        }
    }

    [Fact]
    public void A_word_s_answer_looks_at_the_words_it_depends_on()
    {
        Tagger model = Tiny.Tagger(both: false);
        GradientNorms found = model.Inspect("the cat sat on a mat", new InspectionOptions { Gradients = true, At = 2 }).Gradients!;
        Assert.Equal(2, found.At);
        Assert.All(found.Inputs.Take(3), norm => Assert.True(norm > 0));
        Assert.All(found.Inputs.Skip(3), norm => Assert.Equal(0, norm));
        Assert.Equal(2, found.States.Count);
    }

    [Fact]
    public void What_a_network_does_not_have_is_said()
    {
        LanguageModel model = Tiny.Language(CellKind.Gru);
        Refused(new InspectionOptions { Layer = 2 }, "layer is 2; expected 0 to 1");
        Refused(new InspectionOptions { Kind = ActivationKind.Forget }, "kind is forget; expected hidden, reset, update, candidate");
        Refused(new InspectionOptions { FirstUnit = 13 }, "first_unit is 13; expected 0 to 12");
        Refused(new InspectionOptions { Reverse = true }, "reverse is True; expected false, since this model does not read from the end");
        Refused(new InspectionOptions { Gradients = true, At = 7 }, "at is 7; expected 0 to 6");
        Assert.Equal(13 - 10, model.Inspect("the cat", new InspectionOptions { FirstUnit = 10 }).Activations[0].Length);

        void Refused(InspectionOptions options, string message) =>
            Assert.StartsWith(message, Assert.Throws<ArgumentException>(() => model.Inspect("the cat", options)).Message, StringComparison.Ordinal);
    }

    private static float[][] Look(TextModel model, TokenizedText text, ActivationKind kind, int layer, bool reverse = false) =>
        [.. model.Inspect([text], [new InspectionOptions { Layer = layer, Kind = kind, Reverse = reverse }])[0].Activations];
}
