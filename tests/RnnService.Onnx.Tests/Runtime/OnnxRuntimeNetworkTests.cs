using Google.Protobuf;
using RnnService.Engine.Generation;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Export;
using RnnService.Onnx.Runtime;
using RnnService.Onnx.Runtime.Runs;
using RnnService.Onnx.Tests.Support;
using Xunit;

namespace RnnService.Onnx.Tests.Runtime;

/// <summary>What PyTorch exported and what we export, served by ONNX Runtime: the answers are the engine's.</summary>
public sealed class OnnxRuntimeNetworkTests
{
    private const double Tolerance = 1e-5;

    public static TheoryData<string> Names => [.. PyTorchModel.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_pytorch_exported_is_served_as_it_is_from_a_folder(string name)
    {
        var exported = new PyTorchModel(name);
        string folder = Directory.CreateTempSubdirectory().FullName;
        try
        {
            using (TextModel model = exported.Open()) ModelFolder.SaveOnnx(folder, model, "1 2 3 no 4", exported.File);
            foreach (bool golden in (bool[])[true, false])
            {
                if (!golden) File.Delete(Path.Combine(folder, "golden.json"));
                LoadedModel loaded = ModelFolder.Load(folder, OnnxRuntimeNetwork.Open);
                using TextModel model = loaded.TextModel;
                Assert.Equal("onnxruntime", model.Network.Backend);
                // A tensor of zeros where the initial state of the batch would be is a constant of the graph, and no parameter.
                Assert.Equal(exported.Native.Network.ParameterCount, loaded.Parameters);
                Agreement.Check(exported.Native, model, "1 2 3 no 4");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_answer_that_pytorch_gave_is_given(string name)
    {
        var exported = new PyTorchModel(name);
        using TextModel model = exported.Open();
        int[] ids = exported.Integers("in.input_ids"), shape = exported.ShapeOf("in.input_ids");
        float[] wanted = exported.Floats("out.logits");
        switch (model)
        {
            case LanguageModel language:
                // Ids [T,N].
                int batch = shape[1], size = language.Vocabulary.Tokens.Count;
                RecurrentState state = language.NewState(batch);
                ((float[])[.. exported.Floats("in.h0"), .. exported.Floats("in.c0")]).CopyTo(state.Hidden, 0);
                ReadOnlyMemory<int>[] rows = [.. Enumerable.Range(0, batch).Select(
                    n => new ReadOnlyMemory<int>([.. Enumerable.Range(0, shape[0]).Select(t => ids[t * batch + n])]))];
                language.Network.Forward(rows, new int[batch], state, (row, step, logits) =>
                    Expect.Near(Draw.ToDouble(wanted.AsSpan((step * batch + row) * size, size)), logits, Tolerance, "logit"));
                Expect.Near(Draw.ToDouble([.. exported.Floats("out.hn"), .. exported.Floats("out.cn")]), state.Hidden, Tolerance, "state");
                break;
            case Classifier classifier:
                int[] lengths = exported.Integers("in.lengths");
                int[][] texts = [.. lengths.Select((length, n) => ids[(n * shape[1])..(n * shape[1] + length)])];
                classifier.Network.Forward(texts, (row, _, logits) =>
                    Expect.Near(Draw.ToDouble(wanted.AsSpan(row * logits.Length, logits.Length)), logits, Tolerance, "logit"));
                break;
            case Tagger tagger:
                IEnumerable<string> words = ids.Select(id => tagger.Vocabulary.Tokens[id]);
                tagger.Network.Forward([.. words.Chunk(shape[1]).Select(tagger.Encode)], (row, step, logits) =>
                {
                    int place = (row * shape[1] + step) * logits.Length;
                    Expect.Near(Draw.ToDouble(wanted.AsSpan(place, logits.Length)), logits, Tolerance, "logit");
                });
                break;
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void How_the_graph_wants_its_rows_is_found(string name)
    {
        using TextModel model = new PyTorchModel(name).Open();
        GraphLayout wanted = model.Config.Task switch
        {
            ModelTask.LanguageModel => new GraphLayout(TimeMajor: true, Batch: null, SingleStep: false, Ragged: false),
            ModelTask.Classifier => new GraphLayout(TimeMajor: false, Batch: 4, SingleStep: false, Ragged: true),
            _ => new GraphLayout(TimeMajor: false, Batch: null, SingleStep: false, Ragged: false),
        };
        Assert.Equal(wanted, LayoutOf(model));
    }

    public static TheoryData<CellKind> Cells => [.. Enum.GetValues<CellKind>()];

    [Theory]
    [MemberData(nameof(Cells))]
    public void What_we_export_is_served_as_it_is(CellKind cell)
    {
        TextModel[] models =
        [
            Tiny.Language(cell), Tiny.Language(cell, layers: 1, tied: true), Tiny.Classifier(cell), Tiny.Classifier(cell, Pooling.Mean),
            Tiny.Classifier(cell, Pooling.Max, both: false), Tiny.Classifier(cell, Pooling.Last, both: false, reverse: true),
            Tiny.Tagger(cell), Tiny.Tagger(cell, characters: false, both: false),
        ];
        foreach (TextModel model in models)
        {
            TextModel restarted = DrawnWeights.Restart(model);
            using TextModel served = Serve(restarted);
            Assert.Equal(new GraphLayout(TimeMajor: false, Batch: null, SingleStep: false, Ragged: true), LayoutOf(served));
            Agreement.Check(restarted, served, "it was not bad .");
        }
    }

    [Theory]
    [InlineData("char-lm-gru")]
    [InlineData("char-lm-lstm")]
    public void Streams_that_join_and_leave_give_the_engines_greedy_text(string name)
    {
        var exported = new PyTorchModel(name);
        var native = (LanguageModel)exported.Native;
        using var served = (LanguageModel)exported.Open();
        AdvanceTogether(
            native, served, random => string.Join(' ', Enumerable.Range(0, 1 + random.Below(60)).Select(_ => 1 + random.Below(64))));
    }

    [Fact]
    public void Streams_of_a_file_with_lengths_give_the_engines_greedy_text()
    {
        LanguageModel native = DrawnWeights.Restart(Tiny.Language());
        using TextModel served = Serve(native);
        AdvanceTogether(native, (LanguageModel)served, random => "a" + Tiny.Text(ref random, random.Below(60)));
    }

    [Theory]
    [InlineData("char-lm-gru")]
    [InlineData("char-lm-lstm")]
    public void A_text_goes_on_from_a_state_as_if_it_had_not_been_interrupted(string name)
    {
        using var served = (LanguageModel)new PyTorchModel(name).Open();
        var options = new GenerationOptions { Seed = 3, MaxNewTokens = 40 };
        List<GeneratedToken> whole = [.. served.Generate("1 2 3", options)], pieces = [];
        GenerationStream stream = served.NewStream("1 2 3", options with { MaxNewTokens = 4 });
        while (true)
        {
            while (stream.Finished is null) served.Advance([stream]);
            pieces.AddRange(stream.Tokens);
            if (pieces.Count >= whole.Count) break;
            stream = served.NewStream("", options with { MaxNewTokens = 4 }, served.ReadState(stream.SaveState().ToBytes()));
        }

        Assert.Equal(whole.Select(token => token.Token), pieces.Select(token => token.Token));
    }

    [Fact]
    public void Rows_without_tokens_move_nothing_and_only_wanted_logits_come()
    {
        foreach (TextModel served in (TextModel[])[new PyTorchModel("char-lm-lstm").Open(), Serve(Tiny.Language())])
        {
            using TextModel model = served;
            var network = (ILanguageNetwork)served.Network;
            RecurrentState state = network.NewState(4);
            Draw.Normal(1, state.Hidden.Length).CopyTo(state.Hidden, 0);
            float[] before = [.. state.Hidden];
            List<(int, int)> places = [];
            ReadOnlyMemory<int>[] rows = [default, new[] { 1, 2, 3 }, default, new[] { 4 }];
            network.Forward(rows, [0, 2, 0, 0], state, (row, step, _) => places.Add((row, step)));
            Assert.Equal([(1, 2), (3, 0)], places);
            int size = model.Config.HiddenSize;
            for (int slot = 0; slot < state.Hidden.Length / (4 * size); slot++)
            {
                for (int row = 0; row < 4; row++)
                {
                    Range range = ((slot * 4 + row) * size)..((slot * 4 + row + 1) * size);
                    Assert.Equal(row is 0 or 2, before[range].SequenceEqual(state.Hidden[range]));
                }
            }
        }
    }

    [Fact]
    public void Sentences_without_words_and_batches_without_rows_give_nothing()
    {
        using var tagger = (Tagger)new PyTorchModel("tagger-gru").Open();
        TagScore[][] tags = tagger.Tag([tagger.Encode([]), tagger.Encode(["1", "2"]), tagger.Encode([])]);
        Assert.Equal([0, 2, 0], tags.Select(row => row.Length));
        Assert.Empty(tagger.Tag([]));
        using var classifier = (Classifier)new PyTorchModel("classifier-gru").Open();
        Assert.Empty(classifier.Classify([]));
    }

    [Theory]
    [InlineData("classifier-gru")]
    [InlineData("classifier-lstm")]
    public void A_batch_that_the_exporter_fixed_takes_any_number_of_texts_of_any_lengths(string name)
    {
        var exported = new PyTorchModel(name);
        var native = (Classifier)exported.Native;
        using var served = (Classifier)exported.Open();
        var random = new RandomSource(4);
        for (int count = 1; count <= 9; count++)
        {
            int[][] texts = [.. Enumerable.Range(0, count).Select(_ => new int[1 + random.Below(50)])];
            foreach (int[] text in texts) foreach (ref int id in text.AsSpan()) id = random.Below(120);
            float[][] wanted = native.Classify(texts), found = served.Classify(texts);
            for (int row = 0; row < count; row++)
                Expect.Near(Draw.ToDouble(wanted[row]), found[row], Tolerance, $"text {row} of {count}, label");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Threads_share_a_network(string name)
    {
        var exported = new PyTorchModel(name);
        using TextModel served = exported.Open();
        await Task.WhenAll(Enumerable.Range(1, 2).Select(seed => Task.Run(
            () => Agreement.Check(exported.Native, served, seed: (ulong)seed), TestContext.Current.CancellationToken)));
    }

    [Fact]
    public void A_run_that_fails_leaves_the_network_as_it_was()
    {
        var exported = new PyTorchModel("tagger-rnn");
        using TextModel served = exported.Open();
        var network = (ITaggerNetwork)served.Network;
        var outside = new TaggerInput(["x"], [1000]);
        Assert.ThrowsAny<Exception>(() => network.Forward([outside], (_, _, _) => { }));
        Agreement.Check(exported.Native, served);
    }

    private static GraphLayout LayoutOf(TextModel model) => ((GraphNetwork)model.Network).Graph.Layout;

    private static TextModel Serve(TextModel model)
    {
        byte[] content = OnnxExport.Build(model, OnnxExport.DefaultOpset).ToByteArray();
        return TextModel.Create(
            model.Config, model.Vocabulary, OnnxRuntimeNetwork.Open(content, "export.onnx", model.Config, model.Vocabulary));
    }

    // Greedy texts of many streams of different prompts, some of which begin later, in the given model and alone in the engine.
    private static void AdvanceTogether(LanguageModel native, LanguageModel served, Func<RandomSource, string> prompt)
    {
        var options = new GenerationOptions { Temperature = 0, MaxNewTokens = 20 };
        string[] prompts = [.. Enumerable.Range(0, 12).Select(i => prompt(new RandomSource((ulong)i)))];
        GenerationStream[] streams = [.. prompts.Select((text, i) => served.NewStream(text, options with { ScorePrompt = i % 3 == 0 }))];
        for (int step = 0; streams.Any(stream => stream.Finished is null); step++)
            served.Advance([.. streams.Where((stream, i) => stream.Finished is null && step >= i)], promptChunk: 9);
        for (int i = 0; i < prompts.Length; i++)
        {
            var alone = native.NewStream(prompts[i], options with { ScorePrompt = i % 3 == 0 });
            while (alone.Finished is null) native.Advance([alone]);
            Assert.Equal(alone.Text, streams[i].Text);
            Assert.Equal(alone.Tokens.Count, streams[i].Tokens.Count);
            Expect.Near(
                Draw.ToDouble([.. alone.Prompt.Skip(1).Select(token => token.LogProbability)]),
                [.. streams[i].Prompt.Skip(1).Select(token => token.LogProbability)], Tolerance, "log-probability of prompt token");
        }
    }
}
