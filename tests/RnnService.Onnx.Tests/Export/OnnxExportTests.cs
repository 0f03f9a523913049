using System.Text.Json;
using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Export;
using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;
using RnnService.Onnx.Tests.Support;
using Xunit;

namespace RnnService.Onnx.Tests.Export;

/// <summary>Whole models of every task in ONNX Runtime beside the engine, on ragged batches with rubbish past each row's end.</summary>
public sealed class OnnxExportTests
{
    private const double Tolerance = 1e-5;

    public static TheoryData<int> Opsets => [14, 15, 16, 17, 18, 19, 20, 21];

    [Theory]
    [MemberData(nameof(Opsets))]
    public void Language_models_give_the_engines_logits_and_states(int opset)
    {
        foreach (CellKind cell in Enum.GetValues<CellKind>())
        {
            foreach (bool tied in new[] { false, true })
            {
                foreach (int layers in new[] { 1, 2 })
                {
                    LanguageModel model = DrawnWeights.Restart(Tiny.Language(cell, layers: layers, tied: tied));
                    ModelProto proto = OnnxExport.Build(model, opset);
                    int matrices = proto.Graph.Initializer.Count(tensor => tensor.Dims is [var rows, _] && rows == Tiny.Letters.Count);
                    Assert.Equal(tied ? 1 : 2, matrices);
                    using var ort = new Ort(proto);
                    Check(model, ort, $"{cell}, tied {tied}, {layers} layers: ");
                }
            }
        }

        static void Check(LanguageModel model, Ort ort, string where)
        {
            var random = new RandomSource(1);
            foreach (int[] lengths in new[] { [1], [7], new[] { 3, 1, 9 }, [0, 4] })
            {
                Padded ids = Padded.Of(ref random, lengths, model.Vocabulary.Tokens.Count);
                RecurrentState state = StartOf(model, lengths.Length, seed: 5);
                (float[] Hidden, float[] CellState) start = ([.. state.Hidden], [.. state.CellState]);
                float[] wanted = Logits(model, ids, state);
                Dictionary<string, float[]> found = Run(model, ort, ids, start);
                ids.Near(wanted, found["logits"], where + "logit");
                Expect.Near(Draw.ToDouble(state.Hidden), found["h_n"], Tolerance, where + "h");
                if (state.CellState.Length > 0) Expect.Near(Draw.ToDouble(state.CellState), found["c_n"], Tolerance, where + "c");
            }
        }
    }

    [Theory]
    [InlineData(CellKind.Tanh)]
    [InlineData(CellKind.Relu)]
    [InlineData(CellKind.Gru)]
    [InlineData(CellKind.GruBefore)]
    [InlineData(CellKind.Lstm)]
    [InlineData(CellKind.Sum)]
    public void A_text_read_in_pieces_gives_what_it_gives_read_at_once(CellKind cell)
    {
        LanguageModel model = DrawnWeights.Restart(Tiny.Language(cell));
        using var ort = new Ort(OnnxExport.Build(model, OnnxExport.DefaultOpset));
        var random = new RandomSource(3);
        int vocabulary = model.Vocabulary.Tokens.Count;
        int[] lengths = [17, 5, 30];
        Padded whole = Padded.Of(ref random, lengths, vocabulary);
        RecurrentState zero = model.NewState(lengths.Length);
        Dictionary<string, float[]> wanted = Run(model, ort, whole, (zero.Hidden, zero.CellState));

        (float[] Hidden, float[] CellState) state = (zero.Hidden, zero.CellState);
        float[] logits = new float[lengths.Length * whole.Time * vocabulary];
        int[] read = new int[lengths.Length];
        while (!read.SequenceEqual(lengths))
        {
            // Pieces of a length of their own for each row; one that has ended, or pauses, reads none.
            int[] sizes = new int[lengths.Length];
            for (int n = 0; n < sizes.Length; n++) sizes[n] = Math.Min(random.Below(5), lengths[n] - read[n]);
            if (sizes.Max() == 0) continue;
            var piece = new Padded(sizes, [.. Enumerable.Range(0, sizes.Length).SelectMany(n =>
                Enumerable.Range(0, sizes.Max()).Select(t => t < sizes[n] ? whole.Ids[n * whole.Time + read[n] + t] : 2))]);
            Dictionary<string, float[]> found = Run(model, ort, piece, state);
            state = (found["h_n"], found.GetValueOrDefault("c_n", []));
            for (int n = 0; n < sizes.Length; n++)
            {
                found["logits"].AsSpan(n * piece.Time * vocabulary, sizes[n] * vocabulary)
                    .CopyTo(logits.AsSpan((n * whole.Time + read[n]) * vocabulary));
                read[n] += sizes[n];
            }
        }

        whole.Near(wanted["logits"], logits, "logit");
        Expect.Near(Draw.ToDouble(wanted["h_n"]), state.Hidden, Tolerance, "h");
        if (state.CellState.Length > 0) Expect.Near(Draw.ToDouble(wanted["c_n"]), state.CellState, Tolerance, "c");
    }

    [Theory]
    [MemberData(nameof(Opsets))]
    public void Classifiers_give_the_engines_logits(int opset)
    {
        foreach (CellKind cell in Enum.GetValues<CellKind>())
        {
            foreach (Pooling pooling in Enum.GetValues<Pooling>())
            {
                foreach (Direction direction in Enum.GetValues<Direction>())
                {
                    bool both = direction == Direction.Bidirectional, reverse = direction == Direction.Reverse;
                    Classifier model = DrawnWeights.Restart(Tiny.Classifier(cell, pooling, both, reverse: reverse));
                    using var ort = new Ort(OnnxExport.Build(model, opset));
                    var random = new RandomSource(1);
                    foreach (int[] lengths in new[] { [1], [7], new[] { 3, 1, 9 } })
                    {
                        Padded ids = Padded.Of(ref random, lengths, model.Vocabulary.Tokens.Count);
                        ClassifierNetwork.Trace trace = ((ClassifierNetwork)model.Network).Forward(new Pass(new Workspace()), ids.Rows, new DropoutRates());
                        float[] found = ort.Run(ids.Inputs)["logits"];
                        Expect.Near(Draw.ToDouble(trace.Logits.Span), found, Tolerance, $"{cell}, {pooling}, {direction}: logit");
                    }
                }
            }
        }
    }

    [Fact]
    public void A_text_of_no_token_is_classified_as_its_first_id()
    {
        foreach (Pooling pooling in Enum.GetValues<Pooling>())
        {
            Classifier model = DrawnWeights.Restart(Tiny.Classifier(pooling: pooling));
            using var ort = new Ort(OnnxExport.Build(model, OnnxExport.DefaultOpset));
            float[] empty = ort.Run(("input_ids", new long[] { 1, 7 }, [1, 2]), ("lengths", new long[] { 0 }, [1]))["logits"];
            Assert.Equal(ort.Run(("input_ids", new long[] { 1, 7 }, [1, 2]), ("lengths", new long[] { 1 }, [1]))["logits"], empty);
        }
    }

    [Theory]
    [MemberData(nameof(Opsets))]
    public void Taggers_give_the_engines_logits(int opset)
    {
        foreach (CellKind cell in Enum.GetValues<CellKind>())
        {
            foreach (bool characters in new[] { false, true })
            {
                foreach (bool both in new[] { false, true })
                {
                    Tagger model = DrawnWeights.Restart(Tiny.Tagger(cell, characters, both));
                    using var ort = new Ort(OnnxExport.Build(model, opset));
                    var random = new RandomSource(1);
                    foreach (int[] lengths in new[] { [1], [7], new[] { 3, 1, 9 }, [0, 4] })
                    {
                        TaggerInput[] sentences = new TaggerInput[lengths.Length];
                        for (int n = 0; n < sentences.Length; n++) sentences[n] = model.Encode(Tiny.Sentence(ref random, lengths[n]));
                        Padded ids = Padded.Of(ref random, sentences.Select(sentence => sentence.Ids), Tiny.Words.Count);
                        TaggerNetwork.Trace trace = ((TaggerNetwork)model.Network).Forward(new Pass(new Workspace()), sentences, ids.Rows, new DropoutRates());
                        float[] wanted = ids.Unpack(trace.Layout, trace.Logits.Span, model.Config.Labels.Count);
                        (string, Array, int[])[] spelled = characters ? Spell(ref random, model, sentences, ids.Time) : [];
                        (string, Array, int[])[] inputs = [.. ids.Inputs, .. spelled];
                        Assert.Equal(ort.Inputs.Order(), inputs.Select(input => input.Item1).Order());
                        ids.Near(wanted, ort.Run(inputs)["logits"], $"{cell}, characters {characters}, both {both}: logit");
                    }
                }
            }
        }

        // Rubbish past each word's end.
        static (string, Array, int[])[] Spell(ref RandomSource random, Tagger model, TaggerInput[] sentences, int time)
        {
            const int longest = 70;
            long[] ids = new long[sentences.Length * time * longest], lengths = new long[sentences.Length * time];
            foreach (ref long id in ids.AsSpan()) id = random.Below(Tiny.Letters.Count);
            for (int n = 0; n < sentences.Length; n++)
            {
                for (int t = 0; t < sentences[n].Length; t++)
                {
                    int[] spelled = model.Vocabulary.Spell(sentences[n].Forms[t]);
                    lengths[n * time + t] = spelled.Length;
                    for (int i = 0; i < spelled.Length; i++) ids[(n * time + t) * longest + i] = spelled[i];
                }
            }

            return
            [
                ("character_ids", ids, [sentences.Length, time, longest]),
                ("character_lengths", lengths, [sentences.Length, time]),
            ];
        }
    }

    [Fact]
    public void The_file_says_everything_about_the_model_and_is_read_again()
    {
        Tagger tiny = Tiny.Tagger();
        ModelConfig full = tiny.Config with
        {
            License = "CC-BY-4.0",
            Description = "Tags \"words\".",
            Metrics = new Dictionary<string, double> { ["f1"] = 0.5 },
        };
        var model = (Tagger)TextModel.Create(full, tiny.Vocabulary, DrawnWeights.Start());
        string folder = Directory.CreateTempSubdirectory("rnn-export-").FullName, path = Path.Combine(folder, "model.onnx");
        try
        {
            ModelFolder.Save(Path.Combine(folder, "model"), model, "the cat sat");
            LoadedModel loaded = ModelFolder.Load(Path.Combine(folder, "model"));
            ExportedModel exported = OnnxExport.Write(path, loaded);
            Assert.Equal(exported[GraphPart.Whole], File.ReadAllBytes(path));
            Assert.InRange(exported.Difference, 0, Agreement.Tolerance);
            Assert.Equal([path], Directory.GetFiles(folder));
            ModelProto read = OnnxFile.Open(path).Model;
            Dictionary<string, string> said = read.MetadataProps.ToDictionary(entry => entry.Key, entry => entry.Value);
            ModelConfig config = JsonSerializer.Deserialize(said[OnnxExport.ConfigKey], ModelJson.Files.ModelConfig)!;
            VocabularyContent vocabulary = JsonSerializer.Deserialize(said[OnnxExport.VocabularyKey], ModelJson.Files.VocabularyContent)!;
            Assert.Equivalent(model.Config, config, strict: true);
            Assert.Equal(model.Vocabulary.Tokens.Tokens, vocabulary.Tokens);
            Assert.Equal(model.Vocabulary.Characters!.Tokens, vocabulary.Characters);
            Assert.Equal("tagger", said["task"]);
            Assert.Equal("whitespace", said["tokenizer"]);
            Assert.Equal(model.Config.Labels, JsonSerializer.Deserialize<string[]>(said["labels"]));
            Assert.Equal("CC-BY-4.0", said["license"]);
            Assert.Equal("Tags \"words\".", said["description"]);
            Assert.Equal(("RnnService", "Tags \"words\"."), (read.ProducerName, read.DocString));
            Assert.All(read.Graph.Node, node => Assert.Equal("", node.Domain));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>
    /// A file's logits are those that probabilities are made of: what divides them is in its head, and no more in the configuration in it. Labels that do
    /// not exclude each other stay so.
    /// </summary>
    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.I8)]
    public void A_calibration_is_in_the_file(ElementType type)
    {
        Classifier one = Tiny.Classifier(CellKind.Gru, Pooling.Mean), several = Tiny.MultiLabel();
        Tagger tagger = Tiny.Tagger();
        TextModel[] models = [one.With(one.Config with { Calibration = 3 }), several.With(several.Config with { Calibration = .4f }), tagger.With(tagger.Config with { Calibration = 2 })];
        string folder = Directory.CreateTempSubdirectory("rnn-export-").FullName;
        try
        {
            foreach (TextModel model in models)
            {
                ModelFolder.Save(folder, model, "the cat sat", type);
                LoadedModel loaded = ModelFolder.Load(folder);
                ExportedModel exported = OnnxExport.ToBytes(loaded);
                Assert.InRange(exported.Difference, 0, Agreement.Tolerance);
                if (type == ElementType.I8) Assert.InRange(exported.Rounding, Agreement.Tolerance, 0.1);
                ModelProto proto = OnnxFile.Read(new MemoryStream(exported[GraphPart.Whole]), "exported").Model;
                ModelConfig said = JsonSerializer.Deserialize(proto.MetadataProps.Single(entry => entry.Key == OnnxExport.ConfigKey).Value, ModelJson.Files.ModelConfig)!;
                Assert.Equal((model.Config.MultiLabel, (float?)null), (said.MultiLabel, said.Calibration));
                Assert.Equal(model.Config.Thresholds, said.Thresholds);

                string fingerprint = OnnxExport.Fingerprint(loaded);
                ModelFolder.Save(folder, Model.OfChecked(model.Config with { Calibration = 1.5f }, model.Vocabulary, model.Network), "the cat sat", type);
                Assert.NotEqual(fingerprint, OnnxExport.Fingerprint(ModelFolder.Load(folder)));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(ElementType.BF16)]
    [InlineData(ElementType.I8)]
    public void Narrow_weights_become_floats_that_give_what_the_weights_give_in_floats(ElementType type)
    {
        TextModel[] models =
        [
            DrawnWeights.Restart(Tiny.Language(tied: true)),
            DrawnWeights.Restart(Tiny.Classifier(CellKind.Gru, Pooling.Mean)),
            DrawnWeights.Restart(Tiny.Tagger()),
        ];
        string folder = Directory.CreateTempSubdirectory("rnn-export-").FullName;
        try
        {
            foreach (TextModel model in models)
            {
                ModelFolder.Save(folder, model, "the cat sat", type);
                ModelFolder.SaveConfig(folder, model.Config with { Metrics = new Dictionary<string, double> { ["loss"] = 0.5 } });
                LoadedModel loaded = ModelFolder.Load(folder);
                ExportedModel exported = OnnxExport.ToBytes(loaded);
                Assert.InRange(exported.Difference, 0, Agreement.Tolerance);
                ModelProto proto = OnnxFile.Read(new MemoryStream(exported[GraphPart.Whole]), "exported").Model;
                Assert.DoesNotContain(proto.Graph.Initializer, tensor => tensor.DataType == (int)TensorProto.Types.DataType.Int8);
                // What is rounded beside the weights is more than the check of an export allows.
                if (type == ElementType.I8) Assert.InRange(exported.Rounding, Agreement.Tolerance, 0.1);
                else Assert.Equal(0, exported.Rounding);
                // So scores of 8-bit weights are not the file's.
                string said = proto.MetadataProps.Single(entry => entry.Key == OnnxExport.ConfigKey).Value;
                Assert.Equal(type == ElementType.I8 ? 0 : 1, JsonSerializer.Deserialize(said, ModelJson.Files.ModelConfig)!.Metrics.Count);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(13)]
    [InlineData(22)]
    public void Other_operator_sets_are_refused(int opset)
    {
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => OnnxExport.Build(Tiny.Language(), opset));
        Assert.StartsWith($"opset is {opset}; expected 14 to 21", refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>What computes a base in the graph shares nothing with the engine, and reads no more than the configuration.</summary>
    [Theory]
    [InlineData(CellKind.Lstm, ElementType.F32)]
    [InlineData(CellKind.GruBefore, ElementType.F32)]
    [InlineData(CellKind.Tanh, ElementType.I8)]
    public void An_encoder_on_a_base_gives_the_engines_answers(CellKind cell, ElementType type)
    {
        Tagger tagger = Tiny.Tagger(cell, characters: false);
        TextModel[] models =
        [
            Tiny.OnBase(Pooling.Concat, cell), Tiny.OnBase(Pooling.Last, cell, both: false),
            TextModel.Create(tagger.Config with { Base = new BaseConfig(2, 5), Crf = true }, tagger.Vocabulary, Parameters.Random(6)),
        ];
        string folder = Directory.CreateTempSubdirectory("rnn-export-").FullName;
        try
        {
            foreach (TextModel model in models)
            {
                ModelFolder.Save(folder, model, "the cat sat", type);
                LoadedModel loaded = ModelFolder.Load(folder);
                Assert.Equal(model.Config.Base, loaded.Model.Config.Base);
                Assert.InRange(OnnxExport.ToBytes(loaded).Difference, 0, Agreement.Tolerance);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A tagger that reads words in pieces, alone and on a base.</summary>
    [Theory]
    [InlineData(true, false, true)]
    [InlineData(true, false, false)]
    [InlineData(false, false, false)]
    [InlineData(false, true, true)]
    public void A_tagger_of_subwords_gives_the_engines_labels(bool both, bool reverse, bool stands)
    {
        LanguageModel language = Tiny.Subwords();
        TextModel tagger = TextModel.Create(
            language.Config with
            {
                Task = ModelTask.Tagger,
                Bidirectional = both,
                Reverse = reverse,
                Base = stands ? new BaseConfig(2, 5) : null,
                Crf = true,
                Labels = ["O", "B-X", "I-X"],
            },
            language.Vocabulary, Parameters.Random(5));
        string folder = Directory.CreateTempSubdirectory("rnn-export-").FullName;
        try
        {
            ModelFolder.Save(Path.Combine(folder, "native"), tagger, "the cat didn't sat");
            LoadedModel native = ModelFolder.Load(Path.Combine(folder, "native"));
            foreach (int opset in (int[])[OnnxExport.OldestOpset, OnnxExport.NewestOpset])
                Assert.InRange(OnnxExport.ToBytes(native, opset).Difference, 0, Agreement.Tolerance);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static RecurrentState StartOf(LanguageModel model, int batch, ulong seed)
    {
        RecurrentState state = model.NewState(batch);
        Draw.Normal(seed, state.Hidden.Length, 0.5).CopyTo(state.Hidden, 0);
        Draw.Normal(seed + 1, state.CellState.Length, 0.5).CopyTo(state.CellState, 0);
        return state;
    }

    private static float[] Logits(LanguageModel model, Padded ids, RecurrentState state)
    {
        var pass = new Pass(new Workspace());
        var network = (LanguageNetwork)model.Network;
        LanguageNetwork.Trace trace = network.Forward(pass, [.. ids.Rows.Select(row => (ReadOnlyMemory<int>)row)], state, new DropoutRates());
        return ids.Unpack(trace.Layout, trace.Logits.Span, model.Vocabulary.Tokens.Count);
    }

    private static Dictionary<string, float[]> Run(LanguageModel model, Ort ort, Padded ids, (float[] Hidden, float[] CellState) state)
    {
        int[] shape = [model.Config.Layers, ids.Lengths.Length, model.Config.HiddenSize];
        (string, Array, int[])[] memory = state.CellState.Length > 0 ? [("c_0", state.CellState, shape)] : [];
        return ort.Run([.. ids.Inputs, ("h_0", state.Hidden, shape), .. memory]);
    }
}
