using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Tests.Cells;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Networks;

/// <summary>The laws of a translator's network: batches, steps, threads and keys change no bit.</summary>
public sealed class TranslatorNetworkTests
{
    private static readonly string[] Sources = ["the cat sat on the mat.", "a", "", "good dog !", "was it not very good ?"];
    private static readonly string[] Targets = ["le chat", "", "un", "bon chien !", "n est ce pas"];

    public static TheoryData<CellKind, AttentionKind, bool> Kinds => new(
        from cell in (CellKind[])[CellKind.Gru, CellKind.Lstm]
        from attention in Enum.GetValues<AttentionKind>()
        from feeding in (bool[])[false, true]
        select (cell, attention, feeding));

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Every_token_has_the_scores_of_the_equations_alone_in_a_batch_and_step_by_step(CellKind cell, AttentionKind attention, bool feeding)
    {
        using Translator model = Tiny.Translator(
            cell, new DecoderConfig { Attention = attention, InputFeeding = feeding, Layers = 2, HiddenSize = 19 }, layers: 2, seed: 8);
        var values = model.Parameters.All.ToDictionary(parameter => parameter.Name, parameter => Draw.ToDouble(parameter.Values));
        var reference = new ReferenceTranslator(model.Config, values);
        (int[][] sources, int[][] inputs) = ([.. Sources.Select(model.ReadSource)], [.. Targets.Select(text => model.ReadTarget(text)[..^1])]);
        float[][][] together = Read(model, sources, inputs, out RecurrentState states);
        for (int i = 0; i < sources.Length; i++)
        {
            (double[][] logits, double[][] weights) = reference.Run(sources[i], inputs[i]);
            for (int t = 0; t < logits.Length; t++) Expect.NearLargest(logits[t], together[i][t], 1e-5, 1, $"logit of step {t}");
            if (attention != AttentionKind.None) Expect.Near(weights[^1], states.Sources[i]!.Weights, 1e-5, "weight");

            float[][] alone = Read(model, [sources[i]], [inputs[i]], out RecurrentState state)[0];
            RecurrentState stepped = model.Network.Encode([sources[i]]);
            for (int t = 0; t < logits.Length; t++)
            {
                Expect.SameBits(together[i][t], alone[t], "logit alone");
                model.Network.Forward([inputs[i].AsMemory(t, 1)], [0], stepped, (_, _, step) => Expect.SameBits(alone[t], step, "logit of a single step"));
            }

            Expect.SameBits(state.Hidden, stepped.Hidden);
            Expect.SameBits(state.Fed, stepped.Fed);
            if (attention != AttentionKind.None) Expect.SameBits(states.Sources[i]!.Weights, stepped.Sources[0]!.Weights);
        }
    }

    [Fact]
    public void A_second_thread_changes_no_bit()
    {
        using Translator model = (Translator)TextModel.Create(
            new ModelConfig
            {
                Task = ModelTask.Translator,
                Cell = CellKind.Lstm,
                Tokenizer = Engine.Text.Tokenization.Characters,
                EmbeddingSize = 96,
                HiddenSize = 128,
                Bidirectional = true,
                Decoder = new DecoderConfig { HiddenSize = 160 },
            },
            new ModelVocabulary(Tiny.Letters), Parameters.Random(3));
        var network = (TranslatorNetwork)model.Network;
        ReadOnlyMemory<int>[] sources = [.. Enumerable.Range(0, 40).Select(i => model.ReadSource(Sources[i % 5]).AsMemory())];
        ReadOnlyMemory<int>[] inputs = [.. Enumerable.Range(0, 40).Select(i => model.ReadTarget(Targets[i % 5]).AsMemory()[..^1])];
        Pass one = new(new Workspace(), record: true), two = new(new Workspace(), record: true);
        TranslatorNetwork.Trace alone = network.Forward(one, sources, inputs, DropoutRates.None);
        two.Threads.Begin(int.MaxValue);
        TranslatorNetwork.Trace shared = network.Forward(two, sources, inputs, DropoutRates.None);
        two.Threads.End();
        Expect.SameBits(alone.Logits.Span, shared.Logits.Span);
    }

    [Fact]
    public void Training_passes_and_answers_have_the_same_bits()
    {
        using Translator model = Tiny.Translator(CellKind.Gru, seed: 8);
        int[][] sources = [.. Sources.Select(model.ReadSource)], inputs = [.. Targets.Select(text => model.ReadTarget(text)[..^1])];
        float[][][] answered = Read(model, sources, inputs, out _);
        TranslatorNetwork.Trace trace = Trained(model, new Dropout(1), 0);
        for (int i = 0; i < inputs.Length; i++)
        {
            for (int t = 0; t < inputs[i].Length; t++)
                Expect.SameBits(answered[i][t], trace.Logits.Span.Slice(trace.Run.Layout.RowOf(i, t) * Tiny.Letters.Count, Tiny.Letters.Count));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Scheduled_sampling_reads_what_the_network_would_have_written(bool dropped)
    {
        using Translator model = Tiny.Translator(CellKind.Gru, seed: 8);
        var network = (TranslatorNetwork)model.Network;
        TranslatorNetwork.Trace all = Trained(model, new Dropout(1), 1, dropped ? 0.3f : 0);
        for (int i = 0; i < Targets.Length; i++)
        {
            int length = all.Run.Layout.LengthOfRank(all.Run.Layout.RankOf(i));
            for (int t = 1; t < length; t++)
            {
                ReadOnlySpan<float> before = all.Logits.Span.Slice(all.Run.Layout.RowOf(i, t - 1) * Tiny.Letters.Count, Tiny.Letters.Count);
                Assert.Equal(System.Numerics.Tensors.TensorPrimitives.IndexOfMax(before), all.Run.Ids.Span[all.Run.Layout.RowOf(i, t)]);
            }
        }

        // What was read is what is trained on: the same tokens given give the same loss and gradients.
        ReadOnlyMemory<int>[] read = [.. Enumerable.Range(0, Targets.Length).Select(i => Enumerable.Range(0, model.ReadTarget(Targets[i]).Length - 1)
            .Select(t => all.Run.Ids.Span[all.Run.Layout.RowOf(i, t)]).ToArray().AsMemory())];
        ReadOnlyMemory<int>[] targets = [.. Targets.Select(text => model.ReadTarget(text).AsMemory()[1..])];
        if (dropped) return; // the draws of the samples come before those of the masks that follow
        Pass pass = new(new Workspace(), new Dropout(1), record: true), sampled = new(new Workspace(), new Dropout(1), record: true);
        Gradients given = new(model.Parameters), found = new(model.Parameters);
        double loss = network.Backward(pass, network.Forward(pass, SourcesOf(model), read, DropoutRates.None), targets, given);
        Assert.Equal(loss, network.Backward(sampled, network.Forward(sampled, SourcesOf(model), InputsOf(model), DropoutRates.None, 1), targets, found));
        foreach (Parameter parameter in model.Parameters.All) Expect.SameBits(given.Of(parameter), found.Of(parameter), parameter.Name);

        // Which steps do depends on the keys alone.
        TranslatorNetwork.Trace half = Trained(model, new Dropout(7), 0.5), again = Trained(model, new Dropout(7), 0.5), other = Trained(model, new Dropout(8), 0.5);
        Assert.Equal(half.Run.Ids.Span, again.Run.Ids.Span);
        Assert.False(half.Run.Ids.Span.SequenceEqual(other.Run.Ids.Span));
    }

    private static TranslatorNetwork.Trace Trained(Translator model, Dropout dropout, double sampling, float rate = 0) =>
        ((TranslatorNetwork)model.Network).Forward(
            new Pass(new Workspace(), dropout, record: true), SourcesOf(model), InputsOf(model), new DropoutRates { Embedding = rate, Output = 0 }, sampling);

    private static ReadOnlyMemory<int>[] SourcesOf(Translator model) => [.. Sources.Select(text => model.ReadSource(text).AsMemory())];

    private static ReadOnlyMemory<int>[] InputsOf(Translator model) => [.. Targets.Select(text => model.ReadTarget(text).AsMemory()[..^1])];

    private static float[][][] Read(Translator model, int[][] sources, int[][] inputs, out RecurrentState state)
    {
        state = model.Network.Encode(sources);
        float[][][] found = [.. inputs.Select(row => new float[row.Length][])];
        model.Network.Forward(
            [.. inputs.Select(row => row.AsMemory())], new int[inputs.Length], state, (row, step, logits) => found[row][step] = logits.ToArray());
        return found;
    }
}
