using RnnService.Engine.Kernels;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Training.Objectives;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;
using Xunit;

namespace RnnService.Training.Tests.Runs;

/// <summary>Runs that start from another model: what is taken over, what is refused, and that they resume.</summary>
public sealed class BaseModelTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public static TheoryDataOfTasks Tasks => TinyRecipes.Tasks;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.BF16)]
    [InlineData(ElementType.I8)]
    public void A_classifier_has_the_words_and_layers_of_the_language_model_that_it_starts_from(ElementType type)
    {
        string from = Language("base", type);
        using Model other = ModelFolder.Load(from).Model;
        Recipe recipe = Classifier(from);
        Assert.Equal((CellKind.Lstm, 6, 7, 2), (recipe.Model.Cell, recipe.Model.EmbeddingSize, recipe.Model.HiddenSize, recipe.Model.Layers));
        Assert.Equal((Tokenization.Whitespace, false), (recipe.Model.Tokenizer, recipe.Model.LowerCase));
        Objective objective = Objective.Create(recipe, _folder[""]);
        var model = (Classifier)objective.Model;
        IReadOnlyList<string> old = ((LanguageModel)other).Vocabulary.Tokens.Tokens, tokens = model.Vocabulary.Tokens.Tokens;
        Assert.Equal(old, tokens.Take(old.Count));
        Assert.Equal(["day", "indeed", "this", "was"], tokens.Skip(old.Count).Take(4));
        Assert.Equal((old.Count, tokens.Count - old.Count, 2, 0), (objective.TakenOver!.Tokens, objective.TakenOver.NewTokens, objective.TakenOver.Layers, objective.TakenOver.Labels));

        Parameters start = Model.Create(model.Config, model.Vocabulary, Parameters.Random(recipe.Training.Seed)).Parameters;
        foreach (Parameter parameter in model.Parameters.All)
        {
            float[] wanted = start.All.Single(one => one.Name == parameter.Name).Values.ToArray();
            if (!parameter.Name.StartsWith("head.", StringComparison.Ordinal)) other.Parameters.All.Single(one => one.Name == parameter.Name).Values.CopyTo(wanted);
            Assert.Equal(wanted, parameter.Values.ToArray());
        }
    }

    [Fact]
    public void Labels_that_both_have_keep_their_rows_of_the_head_whatever_their_order()
    {
        Recipe recipe = TinyRecipes.Write(_folder, "classifier", """model.labels=["up","sideways","down"]""", "training.epochs=1");
        using Classifier other = Save(recipe, "base");
        Recipe next = TinyRecipes.Write(_folder, "classifier") with { From = _folder["base"] };
        Objective objective = Objective.Create(next, _folder[""]);
        Assert.Equal(["down", "up"], objective.Model.Config.Labels);
        Assert.Equal(2, objective.TakenOver!.Labels);
        foreach (string name in (string[])["head.weight", "head.bias"])
        {
            float[][] rows = Rows(objective.Model, name, 2), old = Rows(other, name, 3);
            Assert.Equal(old[2], rows[0]);
            Assert.Equal(old[0], rows[1]);
        }

        // What another pooling gives is read by another matrix.
        objective = Objective.Create(next with { Model = next.Model with { Pooling = Pooling.Concat } }, _folder[""]);
        Assert.Equal(0, objective.TakenOver!.Labels);
        Assert.NotEqual(Rows(other, "head.bias", 3)[0], Rows(objective.Model, "head.bias", 2)[1]);

        static float[][] Rows(Model model, string name, int count)
        {
            float[] values = model.Parameters.All.Single(parameter => parameter.Name == name).Values.ToArray();
            return [.. values.Chunk(values.Length / count)];
        }
    }

    [Fact]
    public void Learnt_pooling_is_taken_over() => From_the_same_task_and_corpora_the_start_is_the_other_model("classifier", "model.pooling=attention");

    /// <summary>The same corpora add nothing: the new model is the other one, bit for bit.</summary>
    [Theory]
    [MemberData(nameof(Tasks))]
    public void From_the_same_task_and_corpora_the_start_is_the_other_model(string task, params string[] more)
    {
        Recipe recipe = TinyRecipes.Write(_folder, task, more);
        Model other = Objective.Create(recipe with { Training = recipe.Training with { Seed = 77 } }, _folder[""]).Model;
        foreach (Parameter parameter in other.Parameters.All.Where(parameter => parameter.Name == "attention.weight")) parameter.Data.AsSpan().Fill(.25f);
        other.Refresh();
        ModelFolder.Save(_folder["base"], other, recipe.GoldenInput);
        Objective objective = Objective.Create(recipe with { From = _folder["base"] }, _folder[""]);
        Assert.Equal(0, objective.TakenOver!.NewTokens);
        foreach (var (wanted, found) in other.Parameters.All.Zip(objective.Model.Parameters.All)) Assert.Equal(wanted.Values.ToArray(), found.Values.ToArray());
        ModelAnswer one = other.Answer(recipe.GoldenInput), two = objective.Model.Answer(recipe.GoldenInput);
        Assert.Equal(one.Scores, two.Scores);
    }

    [Theory]
    [InlineData("model.hidden_size=64", "model.hidden_size is 64; expected 7, since from starts from ")]
    [InlineData("model.cell=gru", "model.cell is gru; expected lstm, since from starts from ")]
    [InlineData("model.bidirectional=true", "model.bidirectional is true; expected false, since from starts from ")]
    [InlineData("model.tokenizer=english", "model.tokenizer is english; expected whitespace, since from starts from ")]
    [InlineData("from_weights=abc", "from_weights is abc; expected ")]
    public void Settings_that_contradict_the_other_model_are_refused(string setting, string message)
    {
        Recipe recipe = Classifier(Language("base"), setting);
        var error = Assert.Throws<RecipeException>(() => Objective.Create(recipe, _folder[""]));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Models_that_cannot_be_started_from_are_refused()
    {
        var missing = Assert.Throws<RecipeException>(() => Classifier(_folder["none"]));
        Assert.Contains($"from is {_folder["none"]}; expected the folder of a model with weights", missing.Message, StringComparison.Ordinal);
        Recipe tagger = TinyRecipes.Write(_folder, "tagger");
        ModelFolder.Save(_folder["tagger"], Objective.Create(tagger, _folder[""]).Model, "the dog");
        Recipe recipe = TinyRecipes.Write(_folder, "classifier") with { From = _folder["tagger"] };
        var other = Assert.Throws<RecipeException>(() => Objective.Create(recipe, _folder[""]));
        Assert.Equal($"from is {_folder["tagger"]}, a tagger of text; expected a classifier or a language_model of text", other.Message);
    }

    [Fact]
    public void A_run_is_resumed_from_its_own_base_alone_wherever_that_lies()
    {
        Recipe recipe = Classifier(Language("base"));
        string straight = Train(recipe, "straight"), output = _folder["stopped"];
        Stop(recipe, output);
        Directory.Move(_folder["base"], _folder["elsewhere"]);
        Language("base", seed: 2);
        var error = Assert.Throws<RunFolderException>(() => new Trainer(recipe, Folders(output)));
        Assert.Contains("from_weights", error.Message, StringComparison.Ordinal);

        recipe = recipe with { From = _folder["elsewhere"] };
        new Trainer(recipe, Folders(output)).Run(cancellationToken: Cancellation);
        Assert.Equal(File.ReadAllBytes(Path.Combine(straight, "model.safetensors")), File.ReadAllBytes(Path.Combine(output, "model.safetensors")));
        Recipe kept = Recipe.Read(Path.Combine(output, "training", "recipe.json"));
        Assert.Equal(64, kept.FromWeights!.Length);
        Assert.Contains($"| started from | `base`, weights {kept.FromWeights[..12]}… |", File.ReadAllText(Path.Combine(straight, "README.md")), StringComparison.Ordinal);
        // It makes the same model again, and from other weights none.
        Assert.Throws<RecipeException>(() => new Trainer(kept with { From = _folder["base"] }, Folders(_folder["again"])));
    }

    [Fact]
    public void A_program_names_the_base_beside_its_examples()
    {
        string from = Language("base");
        (string, string)[] texts = [.. Enumerable.Range(0, 30).Select(i => i % 2 == 0 ? ($"the cat sat {i % 3}", "sat") : ($"the dog ran {i % 3}", "ran"))];
        using TrainedModel<Classifier> trained = ClassifierTrainer.Train(texts, new TrainingOptions { From = from }, cancellationToken: Cancellation);
        Assert.Equal((from, 7), (trained.Recipe.From, trained.Model.Config.HiddenSize));
        Assert.Equal(64, trained.Recipe.FromWeights!.Length);
    }

    [Fact]
    public void Without_a_file_a_base_sets_sizes_stages_and_rates()
    {
        string from = $"from={Language("base")}";
        Recipe recipe = DefaultRecipes.For(ModelTask.Classifier, 200, from, "training.epochs=30");
        Assert.Equal((CellKind.Lstm, 7, Pooling.Concat), (recipe.Model.Cell, recipe.Model.HiddenSize, recipe.Model.Pooling));
        Assert.Equal((3, 2.6), (recipe.Training.Release, recipe.Training.LayerDecay));
        Assert.Equal(7, DefaultRecipes.For(ModelTask.Classifier, 200, from, "training.release=7").Training.Release);
        Assert.Equal(0, DefaultRecipes.For(ModelTask.Classifier, 200, from, "training.layer_decay=1").Training.Release);
        Assert.Null(DefaultRecipes.For(ModelTask.Tagger, 200, from).Model.Characters);
        Recipe same = DefaultRecipes.For(ModelTask.LanguageModel, 100_000, from);
        Assert.Equal((Tokenization.Whitespace, 0, 1.0), (same.Model.Tokenizer, same.Training.Release, same.Training.LayerDecay));
    }

    [Fact]
    public void A_tagger_on_a_language_model_of_subwords_has_its_layers_below_an_encoder_of_its_own()
    {
        string from = OfSubwords("base");
        using Model other = ModelFolder.Load(from).Model;
        Recipe recipe = Tagger(from, """{ "task": "tagger" }""", release: 0);
        Assert.Equal((200, 1, true), (recipe.Model.HiddenSize, recipe.Model.Layers, recipe.Model.Bidirectional));
        Assert.Equal(new BaseConfig(2, 7), recipe.Model.Base);
        File.WriteAllText(_folder["again.json"], recipe.ToJson());
        Assert.Equal(recipe.ToJson(), Recipe.Read(_folder["again.json"]).ToJson());

        Objective objective = Objective.Create(Tagger(from, Small, release: 0), _folder[""]);
        Assert.Equal((270, 0, 2), (objective.TakenOver!.Tokens, objective.TakenOver.NewTokens, objective.TakenOver.Layers));
        Model model = objective.Model, start = Model.Create(model.Config, ((TextModel)model).Vocabulary, Parameters.Random(recipe.Training.Seed));
        foreach (Parameter parameter in model.Parameters.All)
        {
            bool isNew = parameter.Name.StartsWith("rnn.", StringComparison.Ordinal) || parameter.Name.StartsWith("head.", StringComparison.Ordinal);
            string name = parameter.Name.Replace("base.", "rnn.", StringComparison.Ordinal);
            Parameter wanted = (isNew ? start : other).Parameters.All.Single(one => one.Name == (isNew ? parameter.Name : name));
            Assert.Equal(wanted.Values.ToArray(), parameter.Values.ToArray());
        }

        // The tagger is started from again as it is.
        ModelFolder.Save(_folder["tagger"], model, "the dog runs.");
        Objective next = Objective.Create(Tagger(_folder["tagger"], """{ "task": "tagger" }""", release: 0), _folder[""]);
        foreach (var (wanted, found) in model.Parameters.All.Zip(next.Model.Parameters.All)) Assert.Equal(wanted.Values.ToArray(), found.Values.ToArray());
    }

    [Fact]
    public void Without_a_file_a_tagger_has_a_base_by_itself_and_a_classifier_where_it_is_asked_for()
    {
        string from = $"from={OfSubwords("base")}";
        var usual = new BaseConfig(2, 7);
        Recipe tagger = DefaultRecipes.For(ModelTask.Tagger, 200, from, "training.epochs=30", "model.crf=true");
        Assert.Equal((usual, 200, true, false), (tagger.Model.Base, tagger.Model.HiddenSize, tagger.Model.Bidirectional, tagger.Model.LowerCase));
        Assert.Equal((3, 2.6, 0.0), (tagger.Training.Release, tagger.Training.LayerDecay, tagger.Training.UnknownChance));
        tagger = DefaultRecipes.For(ModelTask.Tagger, 200, from, "model.base=null");
        Assert.Equal((null, 7, false), (tagger.Model.Base, tagger.Model.HiddenSize, tagger.Model.Bidirectional));
        Assert.Equal(30, DefaultRecipes.For(ModelTask.Tagger, 200, from, "model.hidden_size=30").Model.HiddenSize);
        Assert.Null(DefaultRecipes.For(ModelTask.Classifier, 200, from).Model.Base);
        Recipe classifier = DefaultRecipes.For(ModelTask.Classifier, 200, from, "model.base={}", "model.layers=2");
        Assert.Equal((usual, 200, 2, Pooling.Concat), (classifier.Model.Base, classifier.Model.HiddenSize, classifier.Model.Layers, classifier.Model.Pooling));
        var error = Assert.Throws<RecipeException>(() => Objective.Create(Tagger(_folder["base"], """{ "task": "tagger", "base": { "layers": 3 } }""", 0), _folder[""]));
        Assert.StartsWith("model.base.layers is 3; expected 2, since from starts from ", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A tagger learns its corpus on a language model of subwords, and resumes to the same bits, also where parts are released.</summary>
    [Theory]
    [InlineData("""{ "task": "tagger", "hidden_size": 7, "layers": 2 }""", 0)]
    [InlineData("""{ "task": "tagger", "hidden_size": 7, "layers": 2 }""", 2)]
    [InlineData(Small, 0)]
    [InlineData(Small, 2)]
    public void A_tagger_starts_from_a_language_model_of_subwords(string model, int release)
    {
        Recipe recipe = Tagger(OfSubwords("base"), model, release);
        string straight = Train(recipe, "straight");
        Assert.True(StoppedRun.Finish(recipe, Folders(_folder["stopped"]), steps: 17) > 3);
        Assert.Equal(File.ReadAllBytes(Path.Combine(straight, "model.safetensors")), File.ReadAllBytes(_folder["stopped/model.safetensors"]));
        using var tagger = (Tagger)ModelFolder.Load(straight).Model;
        Assert.Equal(["D", "N", "V", "P"], tagger.TagWords("the cats sleeps!").Select(word => word.Label));
    }

    private const string Small = """{ "task": "tagger", "base": {}, "hidden_size": 12 }""";

    private Recipe Tagger(string from, string model, int release)
    {
        TinyRecipes.Write(_folder, "tagger");
        File.WriteAllText(_folder["from.json"], $$"""
            {
              "model": {{model}},
              "from": {{System.Text.Json.JsonSerializer.Serialize(from)}},
              "data": { "train": [{ "path": "train.conll", "format": "conll" }], "valid": [{ "path": "valid.conll", "format": "conll" }] },
              "training": { "epochs": 10, "batch_size": 6, "learning_rate": 0.03, "shards": 2, "dropout": { "embedding": 0.1 }, "release": {{release}} },
              "golden_input": "the dog runs."
            }
            """);
        return Recipe.Read(_folder["from.json"]);
    }

    private string OfSubwords(string name)
    {
        var config = new ModelConfig
        {
            Task = ModelTask.LanguageModel,
            Cell = CellKind.Lstm,
            Tokenizer = Tokenization.Subwords,
            EmbeddingSize = 7,
            HiddenSize = 7,
            Layers = 2,
            TieWeights = true,
        };
        Vocabulary subwords = SubwordTrainer.Train(["the dog sleeps. the cat ran!", "cats run and dogs sleep"], 270);
        using Model model = Model.Create(config, new ModelVocabulary(subwords), Parameters.Random(1));
        ModelFolder.Save(_folder[name], model, "the cat sat");
        return _folder[name];
    }

    private string Language(string name, ElementType type = ElementType.F32, ulong seed = 1)
    {
        var config = new ModelConfig
        {
            Task = ModelTask.LanguageModel,
            Cell = CellKind.Lstm,
            Tokenizer = Tokenization.Whitespace,
            EmbeddingSize = 6,
            HiddenSize = 7,
            Layers = 2,
        };
        var words = new Vocabulary([Vocabulary.Unknown, Vocabulary.End, .. "the a cat dog sat ran on mat lovely sad and such long".Split(' ')]);
        using Model model = Model.Create(config, new ModelVocabulary(words), Parameters.Random(seed));
        ModelFolder.Save(_folder[name], model, "the cat sat", type);
        return _folder[name];
    }

    private Recipe Classifier(string from, params string[] settings)
    {
        TinyRecipes.Write(_folder, "classifier");
        string path = _folder["from.json"];
        File.WriteAllText(path, $$"""
            {
              "model": { "task": "classifier" },
              "from": {{System.Text.Json.JsonSerializer.Serialize(from)}},
              "data": { "train": [{ "path": "train.tsv", "format": "labelled" }], "valid": [{ "path": "valid.tsv", "format": "labelled" }] },
              "training": { "epochs": 3, "batch_size": 8, "dropout": { "embedding": 0.1, "output": 0.2 }, "average_decay": 0.9 },
              "golden_input": "a lovely day"
            }
            """);
        return Recipe.Read(path, settings);
    }

    private Classifier Save(Recipe recipe, string name)
    {
        string[] lines = File.ReadAllLines(_folder["train.tsv"]);
        File.WriteAllLines(_folder["train.tsv"], [.. lines, "sideways\tneither here nor there"]);
        var model = (Classifier)Objective.Create(recipe, _folder[""]).Model;
        File.WriteAllLines(_folder["train.tsv"], lines);
        foreach (Parameter parameter in model.Parameters.All.Where(parameter => parameter.Name == "head.bias"))
        {
            for (int i = 0; i < parameter.Data.Length; i++) parameter.Data[i] = i + 1; // a start of zeros would prove nothing
        }

        model.Refresh();
        ModelFolder.Save(_folder[name], model, recipe.GoldenInput);
        return model;
    }

    private string Train(Recipe recipe, string name)
    {
        new Trainer(recipe, Folders(_folder[name])).Run(cancellationToken: Cancellation);
        return _folder[name];
    }

    private void Stop(Recipe recipe, string output)
    {
        using var stop = new CancellationTokenSource();
        var trainer = new Trainer(recipe, Folders(output));
        Assert.Equal(RunEnd.Interrupted, trainer.Run(new OnProgress(progress =>
        {
            if (progress.Step >= 9) stop.Cancel();
        }), stop.Token));
    }

    private RunFolders Folders(string output) => new() { Data = _folder[""], Output = output };
}
