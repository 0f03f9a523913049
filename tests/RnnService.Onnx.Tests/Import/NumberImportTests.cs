using Google.Protobuf;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Tests;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Export;
using RnnService.Onnx.Import;
using RnnService.Onnx.Import.Files;
using RnnService.Onnx.Runtime;
using RnnService.Onnx.Tests.Support;
using Xunit;

namespace RnnService.Onnx.Tests.Import;

/// <summary>Graphs that read numbers become models, or are refused with the reason.</summary>
public sealed class NumberImportTests : IDisposable
{
    private static readonly string[] Labels = ["rest", "wave", "circle"];

    private readonly string _folder = Directory.CreateTempSubdirectory("rnn-import-").FullName;

    public static MatrixTheoryData<string, bool> Forms => new(
    [
        "batch first", "time first", "batch first, each step", "time first, each step, states", "batch first, states", "a batch of one",
        "a step at a time", "both directions, softmax", "both directions, each step", "time first, standardised", "standardised, each step, states",
    ],
    [false, true]);

    public static MatrixTheoryData<CellKind, bool> Stacks => new(Enum.GetValues<CellKind>(), [false, true]);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Forms))]
    public void What_reads_sequences_gives_what_its_graph_gives(string name, bool asIs)
    {
        NumberGraphForm form = Form(name);
        byte[] content = form.Bytes();
        LoadedModel loaded = ModelImport.Write(Import(content, Labels, asIs: asIs), Path.Combine(_folder, "model"));
        using var model = (NumberModel)loaded.Model;
        Assert.Equal(asIs, model.Network.Backend == OnnxRuntimeNetwork.Name);
        Assert.Equal(form.EachStep ? typeof(NumberTagger) : typeof(NumberClassifier), model.GetType());
        Assert.Equal((NumberGraphForm.Features, asIs ? form.States : !form.Bidirectional, Labels.Length), (model.Numbers.Features, model.IsCausal, model.Outputs));
        Assert.Equal((CellKind.Gru, NumberGraphForm.Hidden, form.Bidirectional), (model.Config.Cell, model.Config.HiddenSize, model.Config.Bidirectional));
        Assert.Equal(Labels, model.Config.Labels);

        // Beside the graph itself, a sequence alone; together they are what they are alone.
        using var ort = new Ort(content);
        NumberSequence[] rows = [.. new[] { 1, 6, 3, 6 }.Select((steps, i) => new NumberSequence(
            Draw.Normal((ulong)i, steps * NumberGraphForm.Features), NumberGraphForm.Features))];
        float[][] together = model.Logits(rows);
        for (int i = 0; i < rows.Length; i++)
        {
            // The engine has the logits of which a graph that ends in a softmax gives the logarithms of probabilities.
            float shift = form.End.Length == 0 || asIs ? 0 : MathF.Log(together[i].Sum(MathF.Exp));
            Expect.Near(Draw.ToDouble(Alone(form, ort, rows[i])), [.. together[i].Select(value => value - shift)], 1e-5, $"{name}, row {i}");
        }

        if (!model.IsCausal) return;
        RecurrentState state = model.NewState(1);
        float[] start = model.Logits([rows[1].Slice(0, 2)], state)[0], end = model.Logits([rows[1].Slice(2, 4)], state)[0];
        Expect.Near(Draw.ToDouble(together[1]), form.EachStep ? [.. start, .. end] : end, 1e-5, "in two pieces");
    }

    [Fact]
    public void States_that_lengths_do_not_hold_still_are_those_of_each_row_alone()
    {
        byte[] content = new NumberGraphForm { States = true, EachStep = true, Masks = true }.Bytes();
        ImportedModel imported = Import(content, Labels);
        using var model = (NumberModel)imported.Model;
        Assert.Matches("^It is not read into this engine's weights: node [0-9]+ .*Where.*: it reads", imported.Notes[^1]);
        Assert.True(model.IsCausal);
        using var ort = new Ort(content);
        const int rest = 2;
        NumberSequence[] rows = [.. new[] { 8, 6, 7, 3 }.Select((steps, i) => new NumberSequence(
            Draw.Normal((ulong)i, steps * NumberGraphForm.Features), NumberGraphForm.Features))];
        RecurrentState state = model.NewState(rows.Length);
        float[][] start = model.Logits([.. rows.Select(row => row.Slice(0, row.Steps - rest))], state);
        float[][] end = model.Logits([.. rows.Select(row => row.Slice(row.Steps - rest, rest))], state);
        for (int i = 0; i < rows.Length; i++)
        {
            float[] alone = ort.Run(
                ("signal", rows[i].Values.ToArray(), [1, rows[i].Steps, NumberGraphForm.Features]), ("lengths", new long[] { rows[i].Steps }, [1]),
                ("hx", new float[NumberGraphForm.Hidden], [1, 1, NumberGraphForm.Hidden]))["out"];
            Expect.Near(Draw.ToDouble(alone), [.. start[i], .. end[i]], 1e-5, $"row {i}");
        }
    }

    [Theory]
    [InlineData("image", "input \"signal\": float [any,3,224,224] found, as images have it; expected one float input of steps")]
    [InlineData("no time", "input \"signal\": float [any,4] found, numbers without time; expected one float input of steps")]
    [InlineData("one step", "one step without states; expected any number of steps, or states that are carried from step to step")]
    [InlineData("eight steps", "float [any,8,4] found, 8 steps always; expected any number")]
    [InlineData("two inputs", "input \"other\": float [any,any,4] found beside \"signal\" float [any,any,4]; expected one float input of steps")]
    [InlineData("each step by itself", "an answer does not depend on other steps; expected a graph that reads sequences")]
    [InlineData("sigmoid", "a Sigmoid found; expected logits")]
    [InlineData("two labels", "labels holds 2 labels; expected 3, as the graph has it")]
    public void What_does_not_is_refused_with_the_reason(string name, string reason)
    {
        var form = new NumberGraphForm();
        form = name switch
        {
            "image" => form with { Sizes = ["batch", 3, 224, 224], Flat = true, EachStep = true, TimeMajor = true },
            "no time" => form with { Sizes = ["batch", NumberGraphForm.Features], Flat = true, EachStep = true, TimeMajor = true },
            "one step" => form with { Sizes = ["batch", 1, NumberGraphForm.Features] },
            "eight steps" => form with { Sizes = ["batch", 8, NumberGraphForm.Features] },
            "two inputs" => form with { Second = "other" },
            "each step by itself" => form with { Flat = true, EachStep = true },
            "sigmoid" => form with { End = "Sigmoid" },
            _ => form,
        };
        string config = Path.Combine(_folder, "config.json");
        File.WriteAllText(config, """{"cell": "gru_before", "hidden_size": 5}""");
        Exception refusal = Assert.ThrowsAny<Exception>(
            () => Import(form.Bytes(), name == "two labels" ? Labels[..2] : Labels, form.Flat ? config : null).Model.Dispose());
        Assert.True(refusal is ImportException or WeightFormatException, refusal.ToString());
        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_was_exported_comes_back_whatever_its_task(bool asIs)
    {
        foreach (NumberModel model in TinyNumbers.All().Where(model => asIs || model.Config.Pooling != Pooling.Attention))
        {
            ImportedModel imported = Import(OnnxExport.Build(model, OnnxExport.DefaultOpset).ToByteArray(), null, asIs: asIs);
            using var back = (NumberModel)ModelImport.Write(imported, Path.Combine(_folder, "model"), replace: true).Model;
            Assert.Equal(model.GetType(), back.GetType());
            Agreement.Check(model, back);
            if (!asIs) AreTheSame(model, back);
        }
    }

    [Theory]
    [MemberData(nameof(Stacks))]
    public void Layers_of_every_cell_come_back_as_the_engines_own(CellKind cell, bool both)
    {
        using NumberModel model = TinyNumbers.Model(ModelTask.Regressor, cell, both, eachStep: true);
        using var back = (NumberModel)Import(OnnxExport.Build(model, OnnxExport.DefaultOpset).ToByteArray(), null).Model;
        AreTheSame(model, back);
    }

    [Theory]
    [InlineData(ModelTask.Regressor, false)]
    [InlineData(ModelTask.Forecaster, true)]
    [InlineData(ModelTask.Tagger, true)]
    public void Values_have_units_of_their_own_where_the_task_has_them(ModelTask task, bool isKept)
    {
        var form = new NumberGraphForm { EachStep = true, Standardizes = true, Measures = true, Sizes = ["batch", "time", NumberGraphForm.Features] };
        byte[] content = form.Bytes();
        string config = Path.Combine(_folder, "config.json");
        File.WriteAllText(config, $$"""{"task": "{{task.ToString().ToLowerInvariant()}}"}""");
        if (task == ModelTask.Forecaster)
        {
            // A forecast of as many values as are read, in other units.
            content = (form with { Outputs = NumberGraphForm.Features }).Bytes();
        }

        ImportedModel imported = Import(content, task == ModelTask.Forecaster ? null : Labels, config);
        using var model = (NumberModel)imported.Model;
        Assert.Equal(isKept, model.Network.Backend == OnnxRuntimeNetwork.Name);
        Assert.Equal(isKept, imported.Notes.Any(note => note.StartsWith("It is not read into this engine's weights: ", StringComparison.Ordinal)));
        using var ort = new Ort(content);
        float[] values = model.Logits([TinySequence()])[0];
        if (model is Regressor regressor) values = regressor.Values(values);
        Expect.Near(Draw.ToDouble(Alone(form, ort, TinySequence())), values, 1e-5, $"{task}");
    }

    [Fact]
    public void What_the_engine_does_not_take_stays_a_graph()
    {
        ImportedModel imported = Import(new NumberGraphForm { EachStep = true, Bias = float.NegativeInfinity }.Bytes(), Labels);
        using NumberModel model = (NumberModel)imported.Model;
        Assert.Equal(OnnxRuntimeNetwork.Name, model.Network.Backend);
        Assert.StartsWith("It is not read into this engine's weights: ", imported.Notes[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_becomes_something_else_is_said(bool asIs)
    {
        ImportedModel before = Import(new NumberGraphForm { ResetsAfter = false }.Bytes(), Labels, asIs: asIs);
        before.Model.Dispose();
        Assert.Contains(before.Notes, note => note.StartsWith("The graph's GRU resets before the product (gru_before", StringComparison.Ordinal));
        ImportedModel softmax = Import(new NumberGraphForm { End = "LogSoftmax" }.Bytes(), Labels, asIs: asIs);
        softmax.Model.Dispose();
        Assert.Equal(!asIs, softmax.Notes.Any(note => note.StartsWith("The graph ends in LogSoftmax", StringComparison.Ordinal)));
        Assert.DoesNotContain(softmax.Notes, note => note.Contains("gru_before", StringComparison.Ordinal));
    }

    [Fact]
    public void Steps_may_be_called_as_states_are()
    {
        using var model = (NumberModel)Import(new NumberGraphForm { Signal = "hidden_features" }.Bytes(), Labels).Model;
        Assert.NotEqual(OnnxRuntimeNetwork.Name, model.Network.Backend);
        Assert.Equal(NumberGraphForm.Features, model.Numbers.Features);
    }

    [Fact]
    public void A_forecast_of_no_whole_step_is_refused()
    {
        string config = Path.Combine(_folder, "config.json");
        File.WriteAllText(config, """{"task": "forecaster", "numbers": {"horizon": 1}}""");
        Exception refusal = Assert.ThrowsAny<Exception>(() => Import(new NumberGraphForm { EachStep = true }.Bytes(), null, config).Model.Dispose());
        Assert.True(refusal is ImportException or WeightFormatException, refusal.ToString());
    }

    [Fact]
    public void A_configuration_says_what_the_outputs_are()
    {
        string config = Path.Combine(_folder, "config.json");
        File.WriteAllText(config, """{"task": "forecaster", "numbers": {"names": ["a", "b", "c", "d"]}}""");
        Exception refusal = Assert.ThrowsAny<Exception>(() => Import(Form("time first, each step, states").Bytes(), null, config));
        Assert.Contains("numbers.horizon", refusal.Message, StringComparison.Ordinal); // 3 outputs are no whole steps of 4
        File.WriteAllText(config, """{"task": "transcriber", "labels": ["yes", "no"]}""");
        using var transcriber = (Transcriber)Import(Form("time first, each step, states").Bytes(), null, config).Model;
        Assert.Equal(["yes", "no"], transcriber.Symbols);
        File.WriteAllText(config, """{"task": "regressor"}""");
        using var regressor = (Regressor)Import(Form("batch first").Bytes(), ["x", "y", "z"], config).Model;
        Assert.Equal(regressor.Logits([TinySequence()])[0], regressor.Values(TinySequence()));
    }

    private static NumberSequence TinySequence() => new(Draw.Normal(5, 6 * NumberGraphForm.Features), NumberGraphForm.Features);

    private static NumberGraphForm Form(string name)
    {
        bool timeMajor = name.StartsWith("time", StringComparison.Ordinal), single = name == "a step at a time";
        return new NumberGraphForm
        {
            TimeMajor = timeMajor,
            Sizes = [timeMajor ? "time" : name == "a batch of one" ? 1 : "batch", timeMajor ? "batch" : single ? 1 : "time", NumberGraphForm.Features],
            EachStep = name.Contains("each step", StringComparison.Ordinal) || single,
            States = name.Contains("states", StringComparison.Ordinal) || single,
            Standardizes = name.Contains("standardised", StringComparison.Ordinal),
            Bidirectional = name.Contains("both", StringComparison.Ordinal),
            End = name.Contains("softmax", StringComparison.Ordinal) ? "LogSoftmax" : "",
        };
    }

    private static float[] Alone(NumberGraphForm form, Ort ort, NumberSequence row)
    {
        float[] state = new float[NumberGraphForm.Hidden];
        if (form.Sizes[1].Value != 1) return Run(row)["out"];
        List<float> all = [];
        for (int t = 0; t < row.Steps; t++)
        {
            Dictionary<string, float[]> found = Run(row.Slice(t, 1));
            all.AddRange(found["out"]);
            state = found["hy"];
        }

        return [.. all];

        Dictionary<string, float[]> Run(NumberSequence steps)
        {
            (string, Array, int[]) signal = ("signal", steps.Values.ToArray(), form.TimeMajor ? [steps.Steps, 1, steps.Features] : [1, steps.Steps, steps.Features]);
            return form.States ? ort.Run(signal, ("hx", state, [1, 1, NumberGraphForm.Hidden])) : ort.Run(signal);
        }
    }

    // Bit for bit, and computed by the engine.
    private static void AreTheSame(NumberModel model, NumberModel back)
    {
        Assert.Equal(model.Network.Backend, back.Network.Backend);
        NumberSequence[] rows = TinyNumbers.Draw(7, 1, 12, 5);
        Assert.Equal(model.Logits(rows), back.Logits(rows));
        if (model is Regressor regressor) Assert.Equal(regressor.Values(rows[1]), ((Regressor)back).Values(rows[1]));
        if (model is Forecaster forecaster) Assert.Equal(forecaster.Values(model.Logits(rows)[1]), ((Forecaster)back).Values(back.Logits(rows)[1]));
    }

    private ImportedModel Import(byte[] content, string[]? labels, string? config = null, bool asIs = false)
    {
        string file = Path.Combine(_folder, "graph.onnx");
        File.WriteAllBytes(file, content);
        var description = new ImportDescription(config, null) { Labels = labels };
        return asIs ? ModelImport.AsIs(file, description) : ModelImport.FromOnnx(file, description);
    }
}
