using System.Net;
using System.Text.Json;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Server.Tests.Endpoints;

/// <summary>Models whose weights are finite and whose numbers overflow for the word "huge": that text is refused, the others are answered.</summary>
public sealed class NotFiniteTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rnn-not-finite-");
    private TestService _service = null!;
    private HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        Save("classifier", ModelTask.Classifier, ["a", "b"]);
        Save("tagger", ModelTask.Tagger, ["X", "Y"]);
        Save("language", ModelTask.LanguageModel, []);
        _service = new TestService(null, null, ("Rnn:ModelsPath", _folder.FullName));
        await _service.ReadyAsync();
        _client = _service.Client();
    }

    public async ValueTask DisposeAsync()
    {
        await _service.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("/classify", "inputs", "\"huge\"")]
    [InlineData("/classify", "inputs", "[\"huge\"]")]
    [InlineData("/classify", "inputs", "\"huge\", \"parameters\": {\"explain\": true}")]
    [InlineData("/inspect", "inputs", "\"to huge\", \"model\": \"tagger\", \"parameters\": {\"gradients\": true}")]
    [InlineData("/inspect", "inputs", "\"to huge\", \"model\": \"language\"")]
    [InlineData("/inspect", "inputs", "\"to huge\", \"model\": \"classifier\"")]
    [InlineData("/tag", "inputs", "\"to huge\"")]
    [InlineData("/tag", "tokens", "[[\"huge\", \"to\"]]")]
    [InlineData("/generate", "inputs", "\"to huge\"")]
    [InlineData("/generate_stream", "inputs", "\"huge to\"")]
    public async Task A_text_alone_is_refused_in_a_sentence(string route, string field, string texts)
    {
        using HttpResponseMessage answer = await _client.PostJsonAsync(route, $$"""{"{{field}}": {{texts}}}""");
        JsonElement problem = await answer.IsProblemAsync(422, "validation");
        Assert.StartsWith($"{field}: the model cannot compute this (its scores are not finite numbers",
            problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/classify", "")]
    [InlineData("/classify", "\"function_to_apply\": \"none\"")]
    [InlineData("/classify", "\"explain\": true")]
    [InlineData("/tag", "")]
    [InlineData("/tag", "\"alternatives\": 1")]
    [InlineData("/tag", "\"aggregation_strategy\": \"none\"")]
    public async Task In_a_list_the_others_are_answered_as_ever(string route, string parameters)
    {
        JsonElement clean = await _client.AnswerAsync(route, Body("\"to be\", \"be\""));
        JsonElement mixed = await _client.AnswerAsync(route, Body("\"huge\", \"to be\", \"to huge be\", \"be\""));
        Assert.Equal(4, mixed.GetArrayLength());
        Assert.Equal(clean[0].GetRawText(), mixed[1].GetRawText());
        Assert.Equal(clean[1].GetRawText(), mixed[3].GetRawText());
        foreach (int at in (int[])[0, 2])
        {
            Assert.StartsWith($"inputs[{at}]: the model cannot compute this", mixed[at].GetProperty("error").GetString(), StringComparison.Ordinal);
            Assert.Equal("validation", mixed[at].GetProperty("error_type").GetString());
            Assert.Equal(422, mixed[at].GetProperty("status").GetInt32());
        }

        using HttpResponseMessage none = await _client.PostJsonAsync(route, Body("\"huge\", \"huge be\""));
        JsonElement problem = await none.IsProblemAsync(422, "validation");
        Assert.Equal(["inputs[0]", "inputs[1]"], problem.GetProperty("errors").EnumerateObject().Select(error => error.Name));

        string Body(string texts) => $$$"""{"inputs": [{{{texts}}}], "parameters": { {{{parameters}}} }}""";
    }

    [Fact]
    public async Task A_text_that_overflows_while_it_grows_ends_with_the_sentence()
    {
        // Sooner or later the model goes on with "huge": what came before is sent, and nothing after it can be computed.
        using HttpResponseMessage whole = await _client.PostJsonAsync("/generate", """{"inputs": "to", "parameters": {"temperature": 0}}""");
        await whole.IsProblemAsync(422, "validation");
        using HttpResponseMessage stream = await _client.PostJsonAsync("/generate_stream", """{"inputs": "to", "parameters": {"temperature": 0}}""");
        Assert.Equal(HttpStatusCode.OK, stream.StatusCode);
        List<JsonElement> events = GenerateTests.Events(await stream.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.InRange(events.Count, 2, int.MaxValue);
        Assert.All(events[..^1], one => Assert.True(one.GetProperty("token").GetProperty("logprob").GetSingle() < 0));
        Assert.Contains("huge", events[^2].GetProperty("token").GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Equal("validation", events[^1].GetProperty("error_type").GetString());
        await _service.MetricBecomesAsync(0, "rnn_streams_active");
    }

    private void Save(string name, ModelTask task, string[] labels)
    {
        var config = new ModelConfig
        {
            Task = task,
            Cell = CellKind.Relu,
            Tokenizer = Tokenization.Whitespace,
            EmbeddingSize = 4,
            HiddenSize = 6,
            Labels = labels,
        };
        var tokens = new Vocabulary([Vocabulary.Padding, Vocabulary.Unknown, "to", "be", "huge"]);
        Dictionary<string, float[]> values = TextModel.Create(config, new ModelVocabulary(tokens), Parameters.Random(5))
            .Parameters.All.ToDictionary(parameter => parameter.Name, parameter => parameter.Values.ToArray());
        foreach ((string parameter, float[] data) in values)
        {
            if (parameter.Contains("embedding", StringComparison.Ordinal)) data.AsSpan(tokens.IdOf("huge") * 4, 4).Fill(3e38f);
            if (parameter.Contains("weight_ih", StringComparison.Ordinal)) for (int i = 0; i < data.Length; i++) data[i] = MathF.Abs(data[i]) * 10;
            // The last output is the word that overflows: likelier than all others.
            if (task == ModelTask.LanguageModel && data.Length == tokens.Count) data[^1] = 3;
        }

        ModelFolder.Save(Path.Combine(_folder.FullName, name),
            TextModel.Create(config, new ModelVocabulary(tokens), Parameters.From((parameter, _) => values[parameter])), "to be");
    }
}
