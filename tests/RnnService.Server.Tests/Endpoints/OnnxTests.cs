using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using RnnService.AspNetCore.Errors;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Export;
using RnnService.Onnx.Runtime;
using RnnService.Server.Models;
using RnnService.Server.Options;

namespace RnnService.Server.Tests.Endpoints;

public sealed class OnnxTests(SharedService shared)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("shakespeare", "")]
    [InlineData("words", "?opset=14")]
    [InlineData("sentiment", "?opset=21")]
    [InlineData("ner", "?opset=18")]
    public async Task A_model_is_handed_out_and_gives_its_own_answers_elsewhere(string name, string query)
    {
        using HttpResponseMessage answer = await shared.Client.GetAsync($"/models/{name}/onnx{query}", Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal($"{name}.onnx", answer.Content.Headers.ContentDisposition?.FileName);
        TextModel model = shared.Models.Load(name);
        byte[] content = await answer.Content.ReadAsByteArrayAsync(Cancel);
        using var found = TextModel.Create(
            model.Config, model.Vocabulary, OnnxRuntimeNetwork.Open(content, name, model.Config, model.Vocabulary));
        Agreement.Check(model, found, "to be", seed: 9);
    }

    [Fact]
    public async Task A_translator_is_handed_out_part_by_part()
    {
        using var models = new TinyModels();
        models.AddTranslator("letters");
        await using TestService service = await TestService.StartAsync(models);
        using HttpClient client = service.Client();
        var tags = new HashSet<string>();
        ExportedModel exported = OnnxExport.ToBytes(ModelFolder.Load(Path.Combine(models.Path, "letters")));
        foreach (string part in (string[])["encoder", "decoder"])
        {
            using HttpResponseMessage answer = await client.GetAsync($"/models/letters/onnx?part={part}", Cancel);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal($"letters-{part}.onnx", answer.Content.Headers.ContentDisposition?.FileName);
            Assert.True(tags.Add(answer.Headers.ETag!.Tag));
            GraphPart wanted = part == "encoder" ? GraphPart.Encoder : GraphPart.Decoder;
            Assert.Equal(
                exported[wanted], await answer.Content.ReadAsByteArrayAsync(Cancel));
        }

        // Both are of one export, which was compared once.
        Assert.Equal(1, service.Services.GetRequiredService<OnnxExports>().Made);
        foreach (string query in (string[])["", "?part=whole"])
        {
            using HttpResponseMessage refusal = await client.GetAsync($"/models/letters/onnx{query}", Cancel);
            JsonElement problem = await refusal.IsProblemAsync(422, "validation");
            Assert.Contains("expected encoder or decoder, since a translator is two graphs", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(256, 1)]
    [InlineData(0, 2)]
    public async Task Each_file_of_an_export_ends_where_it_ends(int megabytes, int made)
    {
        using var models = new TinyModels();
        models.AddTranslator("letters");
        LoadedModel loaded = ModelFolder.Load(Path.Combine(models.Path, "letters"));
        ExportedModel exported = OnnxExport.ToBytes(loaded);
        using var exports = new OnnxExports(new LimitOptions { KeptOnnxMegabytes = megabytes });
        foreach (ExportedFile wanted in exported.Files)
        {
            var found = new MemoryStream();
            await using (Stream file = await exports.ReadAsync(loaded, null, wanted.Part, "one", Cancel)) await file.CopyToAsync(found, Cancel);
            Assert.Equal(wanted.Content, found.ToArray());
        }

        Assert.Equal(made, exports.Made);
        await Assert.ThrowsAsync<ArgumentException>(() => exports.ReadAsync(loaded, null, GraphPart.Whole, "one", Cancel));
    }

    [Fact]
    public async Task Who_has_the_file_is_not_sent_it_again()
    {
        using HttpResponseMessage first = await shared.Client.GetAsync("/models/words/onnx", Cancel);
        using HttpResponseMessage other = await shared.Client.GetAsync("/models/words/onnx?opset=15", Cancel);
        Assert.NotEqual(first.Headers.ETag, other.Headers.ETag);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/models/words/onnx");
        request.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using HttpResponseMessage second = await shared.Client.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
        Assert.Equal(first.Headers.ETag, second.Headers.ETag);
        Assert.Empty(await second.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Fact]
    public async Task Who_has_a_file_of_other_metadata_is_sent_the_new_one()
    {
        using var models = new TinyModels();
        // The same weights under other words.
        Copy(models, "words", "described", "\"tokenizer\"", "\"description\": \"Shakespeare's.\", \"tokenizer\"");
        Copy(models, "words", "renamed", "\"not\"", "\"nor\"");
        await using TestService service = await TestService.StartAsync(models);
        using HttpClient client = service.Client();
        using HttpResponseMessage first = await client.GetAsync("/models/words/onnx", Cancel);
        foreach (string name in new[] { "described", "renamed" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/models/{name}/onnx");
            request.Headers.IfNoneMatch.Add(first.Headers.ETag!);
            using HttpResponseMessage other = await client.SendAsync(request, Cancel);
            Assert.Equal(HttpStatusCode.OK, other.StatusCode);
            Assert.NotEqual(first.Headers.ETag, other.Headers.ETag);
        }
    }

    [Fact]
    public async Task Too_many_downloads_are_refused_in_words_of_their_own()
    {
        LoadedModel loaded = ModelFolder.Load(Path.Combine(shared.Models.Path, "ner"));
        using var exports = new OnnxExports(new LimitOptions());
        var waiting = new List<Task<Stream>>();
        QueueFullException problem = await Assert.ThrowsAsync<QueueFullException>(async () =>
        {
            while (true)
            {
                Task<Stream> next = exports.ReadAsync(loaded, null, GraphPart.Whole, $"another {waiting.Count}", Cancel);
                waiting.Add(next);
                if (next.IsFaulted) await next;
            }
        });
        waiting.RemoveAt(waiting.Count - 1);
        await Task.WhenAll(waiting);
        Assert.Contains("for an ONNX file to be written", problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(256, 1, true)]
    [InlineData(0, 2, false)]
    public async Task A_file_is_made_once_and_kept_as_long_as_there_is_room(int megabytes, int made, bool seeks)
    {
        LoadedModel loaded = ModelFolder.Load(Path.Combine(shared.Models.Path, "words"));
        using var exports = new OnnxExports(new LimitOptions { KeptOnnxMegabytes = megabytes });
        string fingerprint = OnnxExport.Fingerprint(loaded);
        using var first = new MemoryStream();
        await using (Stream file = await exports.ReadAsync(loaded, null, GraphPart.Whole, fingerprint, Cancel)) await file.CopyToAsync(first, Cancel);
        await using Stream second = await exports.ReadAsync(loaded, null, GraphPart.Whole, fingerprint, Cancel);
        Assert.Equal((made, seeks), (exports.Made, second is not MemoryStream));
        Assert.Equal(first.Length, second.Length);
        byte[] end = new byte[100];
        second.Seek(-100, SeekOrigin.End);
        await second.ReadExactlyAsync(end, Cancel);
        Assert.Equal(first.ToArray()[^100..], end);
    }

    [Fact]
    public async Task The_oldest_file_goes_for_a_new_one_and_whoever_reads_it_reads_it_to_its_end()
    {
        TextModel model = TextModel.Create(
            new ModelConfig { Task = ModelTask.LanguageModel, Cell = CellKind.Lstm, Tokenizer = Tokenization.Characters, EmbeddingSize = 4, HiddenSize = 200 },
            new ModelVocabulary(new Vocabulary([Vocabulary.Padding, Vocabulary.Unknown, "a", "b"])), Parameters.Random(1));
        var loaded = new LoadedModel("large", model, 0, 0, "", "");
        using var exports = new OnnxExports(new LimitOptions { KeptOnnxMegabytes = 1 });
        await using Stream read = await exports.ReadAsync(loaded, null, GraphPart.Whole, "one", Cancel);
        Assert.InRange(read.Length, 500_001, 1_000_000);
        await using (Stream other = await exports.ReadAsync(loaded, null, GraphPart.Whole, "two", Cancel)) Assert.IsNotType<MemoryStream>(other);
        var whole = new MemoryStream();
        await read.CopyToAsync(whole, Cancel);
        Assert.Equal(read.Length, whole.Length);
        await using (Stream other = await exports.ReadAsync(loaded, null, GraphPart.Whole, "two", Cancel)) Assert.Equal(2, exports.Made);
        await using (Stream again = await exports.ReadAsync(loaded, null, GraphPart.Whole, "one", Cancel)) Assert.Equal(3, exports.Made);
    }

    [Fact]
    public async Task A_graph_whose_file_was_changed_is_not_handed_out_until_it_is_loaded_anew()
    {
        using var models = new TinyModels();
        string folder = OnnxTwin.Add(models, "ner");
        await using TestService service = await TestService.StartAsync(models);
        using HttpClient client = service.Client();
        byte[] file = await client.GetByteArrayAsync("/models/ner-onnx/onnx", Cancel);
        await service.Services.GetRequiredService<AspNetCore.Models.ModelChanges>().LoadAsync("ner-onnx");
        models.Save("ner", 55);
        Directory.Delete(folder, recursive: true);
        OnnxTwin.Add(models, "ner");
        var exports = service.Services.GetRequiredService<OnnxExports>();
        AspNetCore.Models.ModelEntry entry = service.Services.GetRequiredService<AspNetCore.Models.ModelRegistry>().Entry("ner-onnx");
        await Assert.ThrowsAsync<IOException>(() => exports.ReadAsync(entry.Loaded!, null, GraphPart.Whole, "another", Cancel));
        await service.Services.GetRequiredService<AspNetCore.Models.ModelChanges>().LoadAsync("ner-onnx");
        Assert.NotEqual(file, await client.GetByteArrayAsync("/models/ner-onnx/onnx", Cancel));
    }

    [Fact]
    public async Task Those_who_ask_together_wait_for_one_file_and_one_that_leaves_takes_it_from_nobody()
    {
        LoadedModel loaded = ModelFolder.Load(Path.Combine(shared.Models.Path, "ner"));
        using var exports = new OnnxExports(new LimitOptions());
        using var leaver = new CancellationTokenSource();
        Task<Stream> leaving = exports.ReadAsync(loaded, null, GraphPart.Whole, "one", leaver.Token);
        Task<Stream>[] staying = [.. Enumerable.Range(0, 8).Select(_ => exports.ReadAsync(loaded, null, GraphPart.Whole, "one", Cancel))];
        await leaver.CancelAsync();
        await Task.WhenAll(staying);
        await leaving.ContinueWith(_ => { }, Cancel, TaskContinuationOptions.None, TaskScheduler.Default);
        Assert.Equal(1, exports.Made);
    }

    [Fact]
    public async Task What_cannot_be_made_is_tried_anew()
    {
        LoadedModel loaded = ModelFolder.Load(Path.Combine(shared.Models.Path, "ner"));
        using var exports = new OnnxExports(new LimitOptions());
        await Assert.ThrowsAnyAsync<ArgumentException>(() => exports.ReadAsync(loaded, 99, GraphPart.Whole, "one", Cancel));
        await using Stream file = await exports.ReadAsync(loaded, null, GraphPart.Whole, "one", Cancel);
        Assert.True(file.Length > 0);
    }

    [Fact]
    public async Task A_download_that_broke_off_goes_on_where_it_was()
    {
        byte[] whole = await shared.Client.GetByteArrayAsync("/models/words/onnx", Cancel);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/models/words/onnx");
        request.Headers.Range = new System.Net.Http.Headers.RangeHeaderValue(100, null);
        using HttpResponseMessage rest = await shared.Client.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.PartialContent, rest.StatusCode);
        Assert.Equal(whole[100..], await rest.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Theory]
    [InlineData("/models/words/onnx?opset=13", 422, "validation", "is \"13\"; expected 14 to 21")]
    [InlineData("/models/words/onnx?opset=22", 422, "validation", "expected 14 to 21")]
    [InlineData("/models/words/onnx?opset=", 422, "validation", "expected 14 to 21")]
    [InlineData("/models/words/onnx?opset=seventeen", 422, "validation", "seventeen")]
    [InlineData("/models/words/onnx?part=encoder", 422, "validation", "is \"encoder\"; expected none, since this model is one graph")]
    [InlineData("/models/nobody/onnx", 404, "model_not_found", "there is no model named")]
    [InlineData("/models/broken/onnx", 404, "model_not_found", "cannot be served")]
    public async Task What_cannot_be_handed_out_is_refused(string route, int status, string errorType, string sentence)
    {
        using HttpResponseMessage answer = await shared.Client.GetAsync(route, Cancel);
        JsonElement problem = await answer.IsProblemAsync(status, errorType);
        Assert.Contains(sentence, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_with_an_onnx_file_answers_as_the_engine_does()
    {
        using var models = new TinyModels();
        foreach (string name in new[] { "shakespeare", "sentiment", "ner" }) OnnxTwin.Add(models, name);
        await using TestService service = await TestService.StartAsync(models);
        using HttpClient client = service.Client();
        JsonElement cards = await (await client.GetAsync("/models", Cancel)).JsonAsync();
        foreach (JsonElement card in cards.EnumerateArray().Where(card => card.GetProperty("status").GetString() == "ready"))
        {
            bool isTwin = card.GetProperty("name").GetString()!.EndsWith("-onnx", StringComparison.Ordinal);
            Assert.Equal(isTwin ? "onnxruntime" : "native", card.GetProperty("backend").GetString());
            Assert.Equal(isTwin ? null : "f32", card.GetProperty("dtype").GetString());
            Assert.True(card.GetProperty("parameters").GetInt64() > 0);
        }

        await SameAsync("/generate", "shakespeare", """ "inputs": "ROMEO: to be", "parameters": {"max_new_tokens": 40, "seed": 3} """);
        await SameAsync("/generate", "shakespeare", """ "inputs": "a", "parameters": {"max_new_tokens": 40, "temperature": 0} """);
        await SameAsync("/classify", "sentiment", """ "inputs": ["a lovely film", "dull", "", "a a a a dull film"] """);
        await SameAsync("/tag", "ner", """ "inputs": ["Marie Curie worked in Paris.", "", "in"] """);

        // The file itself, as it is; nothing can be chosen about it.
        byte[] file = await client.GetByteArrayAsync("/models/ner-onnx/onnx", Cancel);
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(models.Path, "ner-onnx", "model.onnx"), Cancel), file);
        using HttpResponseMessage chosen = await client.GetAsync("/models/ner-onnx/onnx?opset=17", Cancel);
        await chosen.IsProblemAsync(422, "validation");

        async Task SameAsync(string route, string model, string body)
        {
            JsonElement wanted = await client.AnswerAsync(route, $$"""{"model": "{{model}}", {{body}}}""");
            JsonElement found = await client.AnswerAsync(route, $$"""{"model": "{{model}}-onnx", {{body}}}""");
            AssertNear(wanted, found, route);
        }
    }

    [Fact]
    public async Task Streams_of_an_onnx_file_come_and_go_beside_each_other()
    {
        using var models = new TinyModels();
        OnnxTwin.Add(models, "shakespeare");
        await using TestService service = await TestService.StartAsync(models, ("Rnn:Batching:PromptChunk", "3"));
        using HttpClient client = service.Client();
        string[] prompts = [.. Enumerable.Range(1, 12).Select(length => TinyModels.Letters[..length])];
        string[] alone = new string[prompts.Length];
        for (int i = 0; i < prompts.Length; i++) alone[i] = await TextAsync(prompts[i], 5 + 3 * i);
        string[] together = await Task.WhenAll(prompts.Select((prompt, i) => TextAsync(prompt, 5 + 3 * i)));
        Assert.Equal(alone, together);

        async Task<string> TextAsync(string prompt, int tokens) => (await client.AnswerAsync("/generate", JsonSerializer.Serialize(
            new { model = "shakespeare-onnx", inputs = prompt, parameters = new { max_new_tokens = tokens, seed = tokens } })))
            .GetProperty("generated_text").GetString()!;
    }

    [Fact]
    public async Task A_broken_onnx_file_is_reported_and_the_others_are_served()
    {
        using var models = new TinyModels();
        string file = Path.Combine(OnnxTwin.Add(models, "shakespeare"), "model.onnx");
        byte[] content = await File.ReadAllBytesAsync(file, Cancel);
        await File.WriteAllBytesAsync(file, content[..(content.Length / 2)], Cancel);
        await using TestService service = await TestService.StartAsync(models);
        using HttpClient client = service.Client();
        JsonElement card = await (await client.GetAsync("/models/shakespeare-onnx", Cancel)).JsonAsync();
        Assert.Equal("broken", card.GetProperty("status").GetString());
        string reason = card.GetProperty("reason").GetString()!;
        Assert.Contains("shakespeare-onnx/model.onnx", reason, StringComparison.Ordinal);
        Assert.Contains("truncated", reason, StringComparison.Ordinal);
        Assert.DoesNotContain(models.Path, reason, StringComparison.Ordinal);
        await client.AnswerAsync("/generate", """{"model": "shakespeare", "inputs": "a", "parameters": {"max_new_tokens": 2}}""");
    }

    [Fact]
    public async Task A_text_that_a_graph_cannot_compute_is_refused_and_its_company_is_answered()
    {
        using var models = new TinyModels();
        foreach (string name in new[] { "shakespeare", "sentiment", "ner" }) OnnxTwin.Forbid(OnnxTwin.Add(models, name), 13);
        await using TestService service = await TestService.StartAsync(models);
        using HttpClient client = service.Client();
        const string Short = "a lovely film";
        string longer = Text(14), forbidden = Text(13);
        foreach ((string route, string model) in new[] { ("/classify", "sentiment-onnx"), ("/tag", "ner-onnx") })
        {
            JsonElement alone = await client.AnswerAsync(route, Body(model, Short, longer));
            Task<HttpResponseMessage>[] bad = [.. Enumerable.Range(0, 5).Select(_ => client.PostJsonAsync(route, Body(model, forbidden)))];
            Task<JsonElement>[] mixed = [.. Enumerable.Range(0, 5).Select(_ => client.AnswerAsync(route, Body(model, Short, forbidden, longer)))];
            Task<JsonElement>[] good = [.. Enumerable.Range(0, 20).Select(_ => client.AnswerAsync(route, Body(model, Short, longer)))];
            foreach (JsonElement answer in await Task.WhenAll(good)) Assert.Equal(alone.GetRawText(), answer.GetRawText());
            foreach (HttpResponseMessage answer in await Task.WhenAll(bad)) await IsRefusedAsync(answer);
            foreach (JsonElement answer in await Task.WhenAll(mixed))
            {
                Assert.Equal((alone[0].GetRawText(), alone[1].GetRawText()), (answer[0].GetRawText(), answer[2].GetRawText()));
                Assert.StartsWith("inputs[1]: the model cannot compute this (ONNX Runtime says: ", answer[1].GetProperty("error").GetString(),
                    StringComparison.Ordinal);
            }
        }

        await IsRefusedAsync(await client.PostJsonAsync("/generate", Body("shakespeare-onnx", "to be or not:")));
        await IsRefusedAsync(await client.PostJsonAsync("/generate_stream", Body("shakespeare-onnx", "to be or not:")));
        await client.AnswerAsync("/generate", Body("shakespeare-onnx", "to be or not"));
        Assert.Equal(0, await service.MetricAsync("rnn_request_failures_total", "reason=\"internal\""));

        static string Text(int words) => string.Join(' ', Enumerable.Repeat("a", words));

        static string Body(string model, params string[] texts) =>
            JsonSerializer.Serialize(new { model, inputs = texts.Length == 1 ? (object)texts[0] : texts });

        static async Task IsRefusedAsync(HttpResponseMessage answer)
        {
            JsonElement problem = await answer.IsProblemAsync(422, "validation");
            string detail = problem.GetProperty("detail").GetString()!;
            Assert.StartsWith("inputs: the model cannot compute this (ONNX Runtime says: ", detail, StringComparison.Ordinal);
            answer.Dispose();
        }
    }

    /// <summary>A copy of a model with other words in its JSON files.</summary>
    private static void Copy(TinyModels models, string name, string copy, string was, string becomes)
    {
        string source = Path.Combine(models.Path, name), target = Path.Combine(models.Path, copy);
        Directory.CreateDirectory(target);
        foreach (string file in Directory.GetFiles(source)) File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        foreach (string file in Directory.GetFiles(target, "*.json"))
            File.WriteAllText(file, File.ReadAllText(file).Replace(was, becomes, StringComparison.Ordinal));
        File.Delete(Path.Combine(target, "SHA256SUMS")); // of what it was copied from
    }

    private static void AssertNear(JsonElement wanted, JsonElement found, string where)
    {
        Assert.Equal(wanted.ValueKind, found.ValueKind);
        switch (wanted.ValueKind)
        {
            case JsonValueKind.Number:
                Assert.True(Math.Abs(wanted.GetDouble() - found.GetDouble()) <= 1e-5, $"{where}: {wanted} wanted, {found} found");
                break;
            case JsonValueKind.Array:
                Assert.Equal(wanted.GetArrayLength(), found.GetArrayLength());
                for (int i = 0; i < wanted.GetArrayLength(); i++) AssertNear(wanted[i], found[i], $"{where}[{i}]");
                break;
            case JsonValueKind.Object:
                Assert.Equal(wanted.EnumerateObject().Select(field => field.Name), found.EnumerateObject().Select(field => field.Name));
                foreach (JsonProperty field in wanted.EnumerateObject()) AssertNear(field.Value, found.GetProperty(field.Name), $"{where}.{field.Name}");
                break;
            default:
                Assert.Equal(wanted.GetRawText(), found.GetRawText());
                break;
        }
    }
}
