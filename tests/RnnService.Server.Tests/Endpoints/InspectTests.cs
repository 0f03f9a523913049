using System.Text.Json;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Server.Tests.Endpoints;

/// <summary>What a network does while it reads, over HTTP. That the figures are right is tested where they are computed.</summary>
public sealed class InspectTests(SharedService shared)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sentiment", "classifier", "gru", "hidden,reset,update,candidate", "forward,reverse", 5)]
    [InlineData("ner", "tagger", "lstm", "hidden,cell,input,forget,candidate,output", "forward,reverse", 5)]
    [InlineData("shakespeare", "language_model", "lstm", "hidden,cell,input,forget,candidate,output", "forward", 6)]
    public async Task Every_field_says_what_the_engine_found_for_every_kind_of_unit(
        string name, string task, string cell, string kinds, string directions, int units)
    {
        const string text = "😀 a film in Paris";
        TextModel model = shared.Models.Load(name);
        foreach ((string kind, int at) in kinds.Split(',').Select((kind, at) => (kind, at)))
        {
            bool reverse = directions.Contains("reverse", StringComparison.Ordinal) && at % 2 == 1;
            JsonElement answer = await AskAsync(name, text, $"\"of\": \"{kind}\", \"first_unit\": 1, \"units\": 3, \"reverse\": {(reverse ? "true" : "false")}");
            Assert.Equal(["model", "task", "cell", "layers", "directions", "hidden_size", "kinds", "tokens", "activations"], answer.EnumerateObject().Select(field => field.Name));
            Assert.Equal((name, task, cell, 1, units), (answer.GetProperty("model").GetString(), answer.GetProperty("task").GetString(),
                answer.GetProperty("cell").GetString(), answer.GetProperty("layers").GetInt32(), answer.GetProperty("hidden_size").GetInt32()));
            Assert.Equal((directions, kinds), (Joined(answer, "directions"), Joined(answer, "kinds")));

            TokenizedText read = model.Read(text);
            Assert.Equal(read.Tokens.Zip(read.Ids, (token, id) => (token.Text, token.CodePointStart, token.CodePointEnd, id != model.Vocabulary.Tokens.UnknownId)),
                answer.GetProperty("tokens").EnumerateArray().Select(token => (token.GetProperty("text").GetString()!, token.GetProperty("start").GetInt32(),
                    token.GetProperty("end").GetInt32(), token.GetProperty("known").GetBoolean())));
            Inspection found = model.Inspect(text, new InspectionOptions
            {
                Kind = Enum.Parse<ActivationKind>(kind, ignoreCase: true),
                FirstUnit = 1,
                Units = 3,
                Reverse = reverse,
            });
            JsonElement activations = answer.GetProperty("activations");
            Assert.Equal((0, reverse ? "reverse" : "forward", kind, 1), (activations.GetProperty("layer").GetInt32(),
                activations.GetProperty("direction").GetString(), activations.GetProperty("of").GetString(), activations.GetProperty("first_unit").GetInt32()));
            Assert.Equal(found.Activations, Rows(activations.GetProperty("values")));
        }
    }

    [Theory]
    [InlineData("sentiment", "")]
    [InlineData("ner", "")]
    [InlineData("ner", ", \"at\": 0")]
    [InlineData("shakespeare", ", \"at\": 3")]
    [InlineData("words", "")]
    public async Task Gradients_tell_how_far_back_the_answer_looks(string name, string at)
    {
        const string text = "to be or not to be in Paris";
        TextModel model = shared.Models.Load(name);
        JsonElement gradients = (await AskAsync(name, text, $"\"gradients\": true{at}")).GetProperty("gradients");
        GradientNorms found = model.Inspect(text, new InspectionOptions { Gradients = true, At = at.Length > 0 ? int.Parse(at[^1..]) : -1 }).Gradients!;
        Assert.Equal(["at", "answer", "inputs", "states"], gradients.EnumerateObject().Select(field => field.Name));
        Assert.Equal(found.At, gradients.GetProperty("at").ValueKind == JsonValueKind.Null ? null : gradients.GetProperty("at").GetInt32());
        Assert.Equal(name == "sentiment", found.At is null);
        Assert.Equal(model is LanguageModel ? model.Tokenizer.Decode(found.Answer, first: false) : model.Config.Labels[found.Answer], gradients.GetProperty("answer").GetString());
        Assert.Equal(found.Inputs, gradients.GetProperty("inputs").EnumerateArray().Select(one => one.GetSingle()));
        Assert.Equal(found.States, Rows(gradients.GetProperty("states"), "values"));
        Assert.Equal(model is LanguageModel ? [(0, "forward")] : [(0, "forward"), (0, "reverse")], gradients.GetProperty("states").EnumerateArray()
            .Select(state => (state.GetProperty("layer").GetInt32(), state.GetProperty("direction").GetString()!)));
    }

    [Fact]
    public async Task A_classifier_reads_a_text_without_tokens_as_one_that_it_does_not_know()
    {
        JsonElement one = await shared.Client.AnswerAsync("/inspect", """{"model": "sentiment", "inputs": " ", "parameters": {"gradients": true}}""");
        Assert.Equal("""[{"text":"","start":0,"end":0,"known":false}]""", one.GetProperty("tokens").GetRawText());
        Assert.Equal(1, one.GetProperty("gradients").GetProperty("inputs").GetArrayLength());
    }

    [Fact]
    public async Task A_text_without_tokens_has_nothing_to_show_and_says_so()
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync("/inspect", """{"model": "pos", "inputs": " ", "parameters": {"gradients": true}}""");
        JsonElement nothing = await answer.JsonAsync();
        Assert.Equal((0, 0), (nothing.GetProperty("tokens").GetArrayLength(), nothing.GetProperty("activations").GetProperty("values").GetArrayLength()));
        Assert.False(nothing.TryGetProperty("gradients", out _));
        Assert.StartsWith("inputs: holds no word", answer.Headers.GetValues("X-Rnn-Warning").Single(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("shakespeare", "a Z", "inputs: 1 character is not in the model's vocabulary and read as unknown: \"Z\"")]
    [InlineData("shakespeare", "ZZ", "inputs: holds no character that the model knows")]
    [InlineData("pos", "Zz", null)] // it spells words out
    [InlineData("shakespeare", "a", null)]
    public async Task What_the_model_cannot_read_is_told_as_on_its_own_route(string name, string text, string? warning)
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync("/inspect", $$"""{"model": "{{name}}", "inputs": "{{text}}"}""");
        Assert.Equal(200, (int)answer.StatusCode);
        string? found = answer.Headers.TryGetValues("X-Rnn-Warning", out IEnumerable<string>? values) ? values.Single() : null;
        if (warning is null) Assert.Null(found);
        else Assert.StartsWith(warning, found, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sentiment", "\"layer\": 1", "parameters.layer: is 1; expected 0, as the model has 1 layer")]
    [InlineData("sentiment", "\"first_unit\": 5", "parameters.first_unit: is 5; expected 0 to 4, as a layer has 5 units")]
    [InlineData("sentiment", "\"of\": \"forget\"", "parameters.of: is \"forget\"; expected hidden or reset or update or candidate, as the model's cell is gru")]
    [InlineData("ner", "\"of\": \"reset\"", "parameters.of: is \"reset\"; expected hidden or cell or input or forget or candidate or output, as the model's cell is lstm")]
    [InlineData("ner", "\"of\": \"Hidden\"", "parameters.of: is \"Hidden\"; expected \"hidden\" or \"cell\"")]
    [InlineData("shakespeare", "\"reverse\": true", "parameters.reverse: is true; expected false, as the model reads forward alone")]
    [InlineData("sentiment", "\"at\": 0", "parameters.at: is 0; expected none, as a classifier answers once for the text")]
    [InlineData("ner", "\"at\": 2", "parameters.at: is 2; expected less than 2, as inputs has as many tokens")]
    [InlineData("ner", "\"units\": 65", "parameters.units: is 65; expected a number of at least 1 and at most 64")]
    public async Task What_a_model_does_not_have_is_refused_in_a_sentence_that_names_what_it_has(string name, string parameters, string sentence)
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync("/inspect", $$"""{"model": "{{name}}", "inputs": "a b", "parameters": { {{parameters}} } }""");
        JsonElement problem = await answer.IsProblemAsync(422, "validation");
        Assert.StartsWith(sentence, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal([sentence[..sentence.IndexOf(':')]], problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    [Fact]
    public async Task Several_faults_are_told_together()
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync(
            "/inspect", """{"model": "shakespeare", "inputs": "a", "parameters": {"layer": 7, "of": "reset", "first_unit": 900, "reverse": true}}""");
        JsonElement problem = await answer.IsProblemAsync(422, "validation");
        Assert.Equal(["parameters.layer", "parameters.of", "parameters.first_unit", "parameters.reverse"],
            problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    [Fact]
    public async Task The_model_must_be_named_and_be_there()
    {
        using HttpResponseMessage none = await shared.Client.PostJsonAsync("/inspect", """{"inputs": "a"}""");
        Assert.StartsWith("model: is required", (await none.IsProblemAsync(422, "validation")).GetProperty("detail").GetString(), StringComparison.Ordinal);
        using HttpResponseMessage nobody = await shared.Client.PostJsonAsync("/inspect", """{"inputs": "a", "model": "nobody"}""");
        await nobody.IsProblemAsync(404, "model_not_found");
        using HttpResponseMessage broken = await shared.Client.PostJsonAsync("/inspect", """{"inputs": "a", "model": "broken"}""");
        await broken.IsProblemAsync(404, "model_not_found");
    }

    [Fact]
    public async Task The_limits_are_options()
    {
        await using TestService service = await TestService.StartAsync(
            shared.Models, ("Rnn:Limits:MaxActivationSteps", "3"), ("Rnn:Limits:MaxActivationUnits", "2"));
        using HttpClient client = service.Client();
        JsonElement usual = await client.AnswerAsync("/inspect", """{"model": "shakespeare", "inputs": "abc"}""");
        Assert.All(usual.GetProperty("activations").GetProperty("values").EnumerateArray(), row => Assert.Equal(2, row.GetArrayLength()));
        foreach ((string route, string body, string sentence) in new[]
        {
            ("/inspect", """{"model": "shakespeare", "inputs": "abcd"}""", "inputs: has 4 tokens; at most 3 can be looked at"),
            ("/inspect", """{"model": "shakespeare", "inputs": "a", "parameters": {"units": 3}}""", "parameters.units: is 3; expected a number of at least 1 and at most 2"),
            ("/generate", """{"inputs": "ab", "parameters": {"max_new_tokens": 2, "activations": {}}}""",
                "parameters.activations: asks for 2 tokens of inputs and 2 new ones; expected at most 3 together"),
            ("/generate_stream", """{"inputs": "abcd", "parameters": {"max_new_tokens": 1, "activations": {}}}""",
                "parameters.activations: asks for 4 tokens of inputs and 1 new ones; expected at most 3 together"),
        })
        {
            using HttpResponseMessage answer = await client.PostJsonAsync(route, body);
            JsonElement problem = await answer.IsProblemAsync(422, "validation");
            Assert.StartsWith(sentence, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_model_of_ONNX_Runtime_answers_and_says_that_it_shows_its_answers_alone()
    {
        using var models = new TinyModels();
        foreach (string name in new[] { "shakespeare", "sentiment", "ner" }) OnnxTwin.Add(models, name);
        await using TestService service = await TestService.StartAsync(models);
        using HttpClient client = service.Client();
        const string reason = "as onnxruntime computes";
        foreach ((string route, string body, string sentence) in new[]
        {
            ("/inspect", """{"inputs": "a", "model": "ner-onnx"}""",
                $"model: is \"ner-onnx\"; expected a model that this service computes itself, {reason} \"ner-onnx\" and shows its answers alone"),
            ("/classify", """{"inputs": "a", "model": "sentiment-onnx", "parameters": {"explain": true}}""",
                $"parameters.explain: is true; expected none, {reason} \"sentiment-onnx\""),
            ("/generate", """{"inputs": "a", "model": "shakespeare-onnx", "parameters": {"activations": {}}}""",
                $"parameters.activations: is an object; expected none, {reason} \"shakespeare-onnx\""),
        })
        {
            using HttpResponseMessage answer = await client.PostJsonAsync(route, body);
            JsonElement problem = await answer.IsProblemAsync(422, "validation");
            Assert.StartsWith(sentence, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        // Alternatives are answers: whatever computes them.
        JsonElement tagged = await client.AnswerAsync("/tag", """{"inputs": "Paris", "model": "ner-onnx", "parameters": {"aggregation_strategy": "none", "alternatives": 2}}""");
        Assert.Equal(2, tagged[0].GetProperty("alternatives").GetArrayLength());
    }

    [Fact]
    public async Task Switched_off_nothing_is_explained()
    {
        await using TestService service = await TestService.StartAsync(shared.Models, ("Rnn:Routes:Explanations", "false"));
        using HttpClient client = service.Client();
        using HttpResponseMessage gone = await client.PostJsonAsync("/inspect", """{"inputs": "a", "model": "ner"}""");
        await gone.IsProblemAsync(404, "route_not_found");
        foreach ((string route, string body, string sentence) in new[]
        {
            ("/classify", """{"inputs": "a", "parameters": {"explain": true}}""", "parameters.explain: is true; expected none, as explanations are switched off here"),
            ("/generate", """{"inputs": "a", "parameters": {"activations": {"units": 1}}}""",
                "parameters.activations: is an object; expected none, as explanations are switched off here"),
        })
        {
            using HttpResponseMessage answer = await client.PostJsonAsync(route, body);
            Assert.Equal(sentence, (await answer.IsProblemAsync(422, "validation")).GetProperty("detail").GetString());
        }

        await client.AnswerAsync("/classify", """{"inputs": "a", "parameters": {"explain": false}}""");
        JsonElement document = JsonDocument.Parse(await client.GetStringAsync("/swagger/v1/swagger.json", Cancel)).RootElement;
        Assert.False(document.GetProperty("paths").TryGetProperty("/inspect", out _));
    }

    [Theory]
    [InlineData("shakespeare", "ROM", "\"of\": \"cell\", \"first_unit\": 2, \"units\": 2")]
    [InlineData("words", "to be zz", "")]
    public async Task A_continued_text_tells_what_its_units_did_whole_and_streamed(string name, string prompt, string activations)
    {
        TextModel model = shared.Models.Load(name);
        string body = $$"""{"inputs": "{{prompt}}", "model": "{{name}}", "parameters": {"max_new_tokens": 4, "seed": 1, "activations": { {{activations}} } } }""";
        JsonElement whole = await shared.Client.AnswerAsync("/generate", body);
        JsonElement details = whole.GetProperty("details"), found = details.GetProperty("activations");
        Assert.Equal(["layer", "direction", "of", "first_unit", "steps"], found.EnumerateObject().Select(field => field.Name));
        Assert.Equal((0, "forward", activations.Length > 0 ? "cell" : "hidden", activations.Length > 0 ? 2 : 0), (found.GetProperty("layer").GetInt32(),
            found.GetProperty("direction").GetString(), found.GetProperty("of").GetString(), found.GetProperty("first_unit").GetInt32()));

        // The same as of the tokens read at once, those of the prompt first.
        int[] ids = [.. model.Read(prompt).Ids, .. details.GetProperty("tokens").EnumerateArray().Select(token => token.GetProperty("id").GetInt32())];
        InspectionOptions options = activations.Length > 0 ? new() { Kind = ActivationKind.Cell, FirstUnit = 2, Units = 2 } : new();
        TokenizedText read = model.Tokenizer.Read(ids);
        IReadOnlyList<Token> sent = model.Read(prompt).Tokens;
        Assert.Equal([.. sent.Select(token => token.Text), .. read.Tokens.Skip(sent.Count).Select(token => token.Text)], found.GetProperty("steps").EnumerateArray().Select(step => step.GetProperty("text").GetString()));
        Assert.Equal(model.Inspect([read], [options])[0].Activations, Rows(found.GetProperty("steps"), "values"));
        Assert.Equal(details.GetProperty("tokens").EnumerateArray().Select(token => token.GetProperty("text").GetString()),
            found.GetProperty("steps").EnumerateArray().TakeLast(details.GetProperty("tokens").GetArrayLength()).Select(step => step.GetProperty("text").GetString()));

        using HttpResponseMessage stream = await shared.Client.PostJsonAsync("/generate_stream", body);
        List<JsonElement> events = GenerateTests.Events(await stream.Content.ReadAsStringAsync(Cancel));
        Assert.Equal(found.GetRawText(), events[^1].GetProperty("details").GetProperty("activations").GetRawText());
        Assert.All(events[..^1], one => Assert.Equal(JsonValueKind.Null, one.GetProperty("details").ValueKind));
        JsonElement plain = await shared.Client.AnswerAsync("/generate", $$"""{"inputs": "{{prompt}}", "model": "{{name}}", "parameters": {"details": true} }""");
        Assert.False(plain.GetProperty("details").TryGetProperty("activations", out _));
    }

    [Fact]
    public async Task Activations_name_the_field_that_the_model_does_not_have()
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync(
            "/generate", """{"inputs": "a", "parameters": {"activations": {"layer": 3, "of": "update"}}}""");
        JsonElement problem = await answer.IsProblemAsync(422, "validation");
        Assert.Equal(["parameters.activations.layer", "parameters.activations.of"], problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));
        using HttpResponseMessage unknown = await shared.Client.PostJsonAsync("/generate", """{"inputs": "a", "parameters": {"activations": {"layers": 3}}}""");
        problem = await unknown.IsProblemAsync(400, "malformed");
        Assert.Equal("parameters.activations.layers: unknown field; did you mean parameters.activations.layer?", problem.GetProperty("detail").GetString());
    }

    private Task<JsonElement> AskAsync(string name, string text, string parameters) => shared.Client.AnswerAsync(
        "/inspect", $$"""{"model": "{{name}}", "inputs": {{JsonSerializer.Serialize(text)}}, "parameters": { {{parameters}} } }""");

    private static string Joined(JsonElement element, string name) => string.Join(',', element.GetProperty(name).EnumerateArray().Select(one => one.GetString()));

    private static float[][] Rows(JsonElement list, string? name = null) => [.. list.EnumerateArray()
        .Select(row => (float[])[.. (name is null ? row : row.GetProperty(name)).EnumerateArray().Select(one => one.GetSingle())])];
}
