using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Networks.Heads;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Networks;

/// <summary>Losses with something added to them: their gradients are the derivatives of what they return.</summary>
public sealed class RegularisedLossTests
{
    private static readonly DropoutRates Dropped = new() { Words = 0.2f, Embedding = 0.2f, Between = 0.3f, Output = 0.4f };

    public static TheoryData<CellKind> SmoothKinds => [CellKind.Tanh, CellKind.Gru, CellKind.Lstm];

    [Theory]
    [MemberData(nameof(SmoothKinds))]
    public void A_language_model_with_penalties_and_smoothing(CellKind kind) => CheckPenalties(kind, eachStep: false);

    [Theory]
    [MemberData(nameof(SmoothKinds))]
    public void A_language_model_that_drops_anew_at_every_step(CellKind kind) => CheckPenalties(kind, eachStep: true);

    private static void CheckPenalties(CellKind kind, bool eachStep)
    {
        LanguageModel model = Tiny.Language(kind, seed: 3);
        int[][] rows = [model.Tokenizer.Encode("the cat"), model.Tokenizer.Encode("a dog sat."), model.Tokenizer.Encode("on")];
        var network = (LanguageNetwork)model.Network;
        Expect.GradientAlong(model, gradients =>
        {
            var pass = new Pass(new Workspace(), new Dropout(1, 2) { EachStep = eachStep }, record: true);
            LanguageNetwork.Trace trace = network.Forward(pass, [.. rows.Select(row => row.AsMemory()[..^1])], model.NewState(rows.Length), Dropped);
            return network.Backward(pass, trace, [.. rows.Select(row => row.AsMemory()[1..])], gradients, 0.1f, new ActivationPenalty(2, 1));
        });
    }

    [Theory]
    [MemberData(nameof(SmoothKinds))]
    public void A_classifier_on_a_base_with_dropout(CellKind kind)
    {
        Classifier model = Tiny.OnBase(cell: kind);
        int[][] texts = [[2, 3, 4, 9], [5, 2], [7, 8, 9]];
        var network = (ClassifierNetwork)model.Network;
        Expect.GradientAlong(model, gradients =>
        {
            var pass = new Pass(new Workspace(), new Dropout(1, 2), record: true);
            return network.Backward(pass, network.Forward(pass, texts, Dropped), [2, 0, 1], gradients);
        });
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_classifier_on_a_base_answers_a_text_in_a_batch_as_alone(bool both)
    {
        Classifier model = Tiny.OnBase(Pooling.Concat, both: both);
        string[] texts = ["the cat sat", "a dog", "", "the mat ran on the cat"];
        IReadOnlyList<IReadOnlyList<LabelScore>> together = model.Classify(texts);
        for (int i = 0; i < texts.Length; i++) Assert.Equal(model.Classify(texts[i]), together[i]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_language_model_against_a_sample_of_its_vocabulary(bool tied)
    {
        LanguageModel model = Tiny.Language(CellKind.Gru, seed: 3, tied: tied);
        int[][] rows = [model.Tokenizer.Encode("the cat"), model.Tokenizer.Encode("a dog sat."), model.Tokenizer.Encode("on")];
        var network = (LanguageNetwork)model.Network;
        var sampled = new SampledSoftmax(rows.SelectMany(row => row).ToArray(), Tiny.Letters.Count, samples: 6);
        Expect.GradientAlong(model, gradients =>
        {
            var pass = new Pass(new Workspace(), new Dropout(1, 2), record: true);
            return network.BackwardSampled(
                pass, [.. rows.Select(row => row.AsMemory()[..^1])], model.NewState(rows.Length), Dropped, [.. rows.Select(row => row.AsMemory()[1..])], gradients,
                sampled, new ActivationPenalty(2, 1));
        });
    }

    [Fact]
    public void A_language_model_without_penalties_has_the_bits_of_the_plain_loss()
    {
        LanguageModel model = Tiny.Language(CellKind.Gru, seed: 3);
        ReadOnlyMemory<int>[] rows = [model.Tokenizer.Encode("the cat sat.")];
        var network = (LanguageNetwork)model.Network;
        Gradients plain = new(model.Parameters), general = new(model.Parameters);
        double loss = Run(plain, (pass, trace) => network.Backward(pass, trace, [rows[0][1..]], plain));
        Assert.Equal(loss, Run(general, (pass, trace) => network.Backward(pass, trace, [rows[0][1..]], general, 0, default)));
        foreach (Parameter parameter in model.Parameters.All) Expect.SameBits(plain.Of(parameter), general.Of(parameter), parameter.Name);

        double Run(Gradients gradients, Func<Pass, LanguageNetwork.Trace, double> backward)
        {
            var pass = new Pass(new Workspace(), new Dropout(1, 2), record: true);
            return backward(pass, network.Forward(pass, [rows[0][..^1]], model.NewState(1), Dropped));
        }
    }

    [Theory]
    [MemberData(nameof(SmoothKinds))]
    public void A_classifier_with_smoothing(CellKind kind)
    {
        using Classifier model = Tiny.Classifier(kind, Pooling.Mean, seed: 3);
        Expect.GradientAlong(model, gradients =>
        {
            var pass = new Pass(new Workspace(), new Dropout(1, 2), record: true);
            var network = (ClassifierNetwork)model.Network;
            return network.Backward(pass, network.Forward(pass, Texts(model), Dropped), Labels, gradients, 0.2f);
        });
    }

    /// <summary>The move is held fixed, as it is in training.</summary>
    [Theory]
    [InlineData(CellKind.Gru, false)]
    [InlineData(CellKind.Lstm, false)]
    [InlineData(CellKind.Lstm, true)]
    [InlineData(CellKind.Sum, true)]
    public void A_moved_texts_loss(CellKind kind, bool isVirtual)
    {
        using Classifier model = Tiny.Classifier(kind, Pooling.Mean, seed: 3);
        var network = (ClassifierNetwork)model.Network;
        Gradients gradients = new(model.Parameters), clean = new(model.Parameters);
        var adversarial = new AdversarialLoss(1.5f, 0.7f, isVirtual);
        ClassifierNetwork.Moved moved = Move(network, model, adversarial, clean, out double first, out Pass pass);
        double second = network.BackwardMoved(pass, moved, Dropped, adversarial.Weight, gradients);
        Expect.GradientAlong(model, own =>
        {
            // Embeds anew, for the embedding is one of the parameters.
            Move(network, model, adversarial, new Gradients(model.Parameters), out _, out Pass again, out ClassifierNetwork.Moved now);
            return network.BackwardMoved(again, now with { Move = moved.Move, Wanted = moved.Wanted }, Dropped, adversarial.Weight, own);
        });

        // All in all it is the plain loss and the moved texts'.
        Gradients all = new(model.Parameters), plain = new(model.Parameters);
        double loss = network.Backward(NewPass(), Texts(model), Labels, Dropped, 0.1f, adversarial, all);
        Pass other = NewPass();
        Assert.Equal(first, network.Backward(other, network.Forward(other, Texts(model), Dropped), Labels, plain, 0.1f), 1e-9);
        Assert.Equal(first + second, loss, 1e-9);
        foreach (Parameter parameter in model.Parameters.All)
        {
            double[] sum = [.. Draw.ToDouble(plain.Of(parameter)).Zip(Draw.ToDouble(gradients.Of(parameter)), (a, b) => a + b)];
            Expect.NearLargest(sum, all.Of(parameter), 1e-5, 1e-3, parameter.Name);
        }
    }

    /// <summary>A short move makes the label's loss grow as no other of its length does.</summary>
    [Fact]
    public void The_move_goes_along_the_gradient_and_has_its_length_in_every_text()
    {
        using Classifier model = Tiny.Classifier(CellKind.Lstm, Pooling.Last, seed: 3);
        var network = (ClassifierNetwork)model.Network;
        const float Norm = 1e-2f;
        foreach (bool isVirtual in (bool[])[false, true])
        {
            var adversarial = new AdversarialLoss(Norm, 1, isVirtual);
            ClassifierNetwork.Moved moved = Move(network, model, adversarial, new Gradients(model.Parameters), out _, out Pass pass);
            int size = model.Config.EmbeddingSize;
            for (int place = 0; place < Texts(model).Length; place++)
            {
                double squares = Enumerable.Range(0, Texts(model)[place].Length).Sum(t =>
                    moved.Move.AsSpan(moved.Layout.RowOf(place, t) * size, size).ToArray().Sum(value => (double)value * value));
                Assert.Equal(Norm, Math.Sqrt(squares), 1e-6);
            }

            double worst = LossOf(moved.Move);
            Assert.True(worst > LossOf([.. moved.Move.Select(_ => 0f)]) + 1e-9);
            for (ulong seed = 1; seed < 8; seed++)
            {
                ClassifierNetwork.Moved random = moved with { Move = Draw.Normal(seed, moved.Move.Length) };
                float[] move = random.Move;
                for (int place = 0; place < Texts(model).Length; place++)
                {
                    int[] at = [.. Enumerable.Range(0, Texts(model)[place].Length).SelectMany(t =>
                        Enumerable.Range(moved.Layout.RowOf(place, t) * size, size))];
                    double length = Math.Sqrt(at.Sum(i => (double)move[i] * move[i]));
                    foreach (int i in at) move[i] = (float)(move[i] * Norm / length);
                }

                // One step of the power method finds a direction that is nearly the worst, not the worst.
                Assert.True(LossOf(move) < worst * (isVirtual ? 1.5 : 1), $"a random move is worse: {LossOf(move)} and {worst}");
            }

            double LossOf(float[] move) => network.BackwardMoved(pass, moved with { Move = move }, Dropped, 1, new Gradients(model.Parameters));
        }
    }

    [Fact]
    public void Texts_without_labels_have_the_virtual_loss_alone()
    {
        using Classifier model = Tiny.Classifier(CellKind.Gru, Pooling.Max, seed: 3);
        var network = (ClassifierNetwork)model.Network;
        var gradients = new Gradients(model.Parameters);
        double loss = network.Backward(NewPass(), Texts(model), null, Dropped, 0, new AdversarialLoss(2, 1, true), gradients);
        Assert.InRange(loss, 1e-6, 10);
        Assert.True(gradients.Norm() > 0);
    }

    [Fact]
    public void A_divergence_is_that_of_the_definition()
    {
        float[] logits = Draw.Normal(1, 7), wanted = Draw.Normal(2, 7);
        Activations.Softmax(wanted);
        double[] x = Draw.ToDouble(logits), p = Draw.ToDouble(wanted);
        double all = x.Sum(Math.Exp);
        double[] q = [.. x.Select(value => Math.Exp(value) / all)];
        Assert.Equal(p.Zip(q, (a, b) => a * Math.Log(a / b)).Sum(), CrossEntropy.BackwardTo(logits, wanted), 1e-6);
        for (int i = 0; i < 7; i++) Assert.Equal(q[i] - p[i], logits[i], 1e-6);
    }

    private static int[] Labels => [2, 0, 1];

    private static Pass NewPass() => new(new Workspace(), new Dropout(4, 2), record: true);

    private static int[][] Texts(Classifier model) =>
        [model.Encode("the film was good"), model.Encode("bad"), model.Encode("I liked zebras , not the dog .")];

    private static ClassifierNetwork.Moved Move(
        ClassifierNetwork network, Classifier model, AdversarialLoss adversarial, Gradients gradients, out double loss, out Pass pass)
    {
        Move(network, model, adversarial, gradients, out loss, out pass, out ClassifierNetwork.Moved moved);
        return moved;
    }

    private static void Move(
        ClassifierNetwork network, Classifier model, AdversarialLoss adversarial, Gradients gradients, out double loss, out Pass pass,
        out ClassifierNetwork.Moved moved)
    {
        pass = NewPass();
        loss = network.Move(pass, Texts(model), Labels, Dropped, 0.1f, adversarial, gradients, out moved);
    }
}
