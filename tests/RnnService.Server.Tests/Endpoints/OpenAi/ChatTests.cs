using System.Text.Json;
using RnnService.Engine.Models;
using RnnService.Server.Endpoints.OpenAi;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.Endpoints.OpenAi;

public sealed class ChatTests(SharedService shared)
{
    private const string Route = "/v1/chat/completions";

    [Fact]
    public async Task A_message_is_the_text_that_generate_answers_to_the_messages_joined()
    {
        JsonElement generated = await shared.Client.AnswerAsync("/generate", """{"inputs": "ab\ncd", "parameters": {"max_new_tokens": 9, "seed": 5}}""");
        JsonElement answer = await shared.Client.AnswerAsync(Route, """
            {"messages": [{"role": "system", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, {"role": "user", "content": "cd"}],
             "max_completion_tokens": 9, "seed": 5}
            """);
        JsonElement choice = answer.GetProperty("choices")[0];
        Assert.Equal("chat.completion", answer.GetProperty("object").GetString());
        Assert.Equal("assistant", choice.GetProperty("message").GetProperty("role").GetString());
        Assert.Equal(generated.GetProperty("generated_text").GetString(), choice.GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("length", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(14, answer.GetProperty("usage").GetProperty("total_tokens").GetInt32());
    }

    [Fact]
    public async Task A_stream_begins_with_the_role_and_ends_with_the_reason()
    {
        const string asked = """{"messages": [{"role": "user", "content": "a"}], "max_tokens": 4, "seed": 5, "logprobs": true, "top_logprobs": 2""";
        JsonElement whole = (await shared.Client.AnswerAsync(Route, asked + "}")).GetProperty("choices")[0];
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync(Route, asked + """, "stream": true, "stream_options": {"include_usage": true}}""");
        List<JsonElement> events = CompletionTests.Events(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        JsonElement[] deltas = [.. events[..^1].Select(one => one.GetProperty("choices")[0].GetProperty("delta"))];
        Assert.Equal("""{"role":"assistant","content":""}""", deltas[0].GetRawText());
        Assert.Equal(whole.GetProperty("message").GetProperty("content").GetString(),
            string.Concat(deltas[1..^1].Select(delta => delta.GetProperty("content").GetString())));
        Assert.Equal("{}", deltas[^1].GetRawText());
        Assert.Equal("length", events[^2].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(5, events[^1].GetProperty("usage").GetProperty("total_tokens").GetInt32());
        Assert.Equal(
            whole.GetProperty("logprobs").GetProperty("content").EnumerateArray().Select(token => token.GetRawText()),
            events[1..^2].SelectMany(one => one.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("content").EnumerateArray()).Select(token => token.GetRawText()));
        Assert.All(whole.GetProperty("logprobs").GetProperty("content").EnumerateArray(), token => Assert.Equal(2, token.GetProperty("top_logprobs").GetArrayLength()));
    }

    [Fact]
    public async Task What_asks_for_nothing_that_is_missing_here_is_accepted() => await shared.Client.AnswerAsync(Route, """
        {"model": null, "messages": [{"role": "developer", "content": null, "name": "x", "refusal": null, "tool_calls": []}, {"role": "user", "content": "a"}],
         "max_tokens": 1, "tools": [], "tool_choice": "auto", "parallel_tool_calls": true, "functions": null, "function_call": "none", "response_format": {"type": "text"},
         "modalities": ["text"], "audio": null, "reasoning_effort": "low", "service_tier": "auto", "store": false, "user": "x", "n": 1, "logprobs": false, "top_logprobs": null,
         "frequency_penalty": 0, "presence_penalty": 0, "logit_bias": {}, "metadata": {}, "prompt_cache_key": "x", "safety_identifier": "x", "verbosity": "low"}
        """);

    [Theory]
    [InlineData("""{"messages": []}""", 422, "messages", "is an empty list")]
    [InlineData("""{"messages": "a"}""", 400, "messages", "expected a list of objects")]
    [InlineData("""{"messages": [{"content": "a"}]}""", 422, "messages[0].role", "is required")]
    [InlineData("""{"messages": [{"role": "tool", "content": "a"}]}""", 422, "messages[0].role", "expected \"system\" or")]
    [InlineData("""{"messages": [{"role": "user", "content": 1}]}""", 400, "messages[0].content", "is a number; expected a string or a list of parts")]
    [InlineData("""{"messages": [{"role": "user", "content": [{"type": "image_url", "text": "a"}]}]}""", 422, "messages[0].content[0].type", "expected \"text\"")]
    [InlineData("""{"messages": [{"role": "user", "content": "a"}], "tools": [{"type": "function"}]}""", 422, "tools", "is not supported")]
    [InlineData("""{"messages": [{"role": "user", "content": "a"}], "response_format": {"type": "json_object"}}""", 422, "response_format", "is not supported")]
    [InlineData("""{"messages": [{"role": "user", "content": "a"}], "response_format": {"\ud800": "text"}}""", 422, "response_format", "is not supported")]
    [InlineData("""{"messages": [{"role": "user", "content": "a"}], "top_logprobs": 2}""", 422, "top_logprobs", "expected none without logprobs")]
    public async Task What_is_wrong_is_told_in_OpenAIs_form(string body, int status, string param, string message)
    {
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync(Route, body);
        JsonElement error = (await answer.JsonAsync()).GetProperty("error");
        Assert.Equal((status, param), ((int)answer.StatusCode, error.GetProperty("param").GetString()));
        Assert.Contains(message, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_are_no_longer_together_than_a_text_may_be()
    {
        string half = new('a', 10_001);
        using HttpResponseMessage answer = await shared.Client.PostJsonAsync(Route,
            $$"""{"messages": [{"role": "user", "content": "{{half}}"}, {"role": "user", "content": "{{half}}"}]}""");
        Assert.Equal(422, (int)answer.StatusCode);
        Assert.Contains("have 20003 characters together; at most 20000", (await answer.JsonAsync()).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "{content}\nb")]
    [InlineData("{role}: {content}\n", "user: {content}\nassistant: b\nassistant: ")]
    [InlineData("<{content}>", "<{content}><b>")]
    [InlineData("{content} ({role})", "{content} (user)b (assistant)")]
    public void A_template_is_filled_for_each_message_and_the_assistant_is_next_where_roles_come_first(string? template, string prompt) =>
        Assert.Equal(prompt, ChatPrompt.Of([Message("user", "{content}"), Message("assistant", "b")], template));

    [Fact]
    public void A_template_without_a_place_for_what_is_said_is_refused()
    {
        ModelConfig config = shared.Models.Load("shakespeare").Config;
        (config with { ChatTemplate = "{role}: {content}" }).Validate();
        Assert.Contains("chat_template holds no {content}", Assert.Throws<ArgumentException>((config with { ChatTemplate = "{role}" }).Validate).Message, StringComparison.Ordinal);
    }

    private static ChatMessageRequest Message(string role, string content) => new() { Role = role, Content = new ChatContent(content) };
}
