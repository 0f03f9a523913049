using System.Text.Json;
using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Networks;
using RnnService.Server.Endpoints;
using RnnService.Server.Requests;

namespace RnnService.Server.Tests.Endpoints;

public sealed class ListAnswerTests
{
    /// <summary>A runtime's message can be pages long.</summary>
    private static readonly NetworkException Failure = new(new string('m', 20_000));

    [Fact]
    public void A_list_of_which_every_text_failed_is_told_in_few_bytes()
    {
        TextAnswers<string> texts = Failed(10_000, of: 10_000);
        RequestProblem problem = Assert.Throws<RequestProblem>(() => ListAnswer.Of(texts, "inputs", (text, _) => text));
        Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(Problem.From(problem, "1"), Json.Options).Length, 500, 8_000);
        Assert.StartsWith("inputs[0]: the model cannot compute this (mmm", problem.Message, StringComparison.Ordinal);
        Assert.Equal(ProblemKind.Validation, problem.Kind);
    }

    [Fact]
    public void A_failed_text_takes_little_of_the_answer_to_the_others()
    {
        object[] answers = ListAnswer.Of(Failed(63, of: 64), "inputs", (text, _) => text);
        Assert.Equal("text", answers[63]);
        Assert.All(answers[..63], answer => Assert.InRange(Assert.IsType<FailedText>(answer).Error.Length, 100, 600));
    }

    private static TextAnswers<string> Failed(int count, int of) =>
        new([.. Enumerable.Repeat("text", of)], Enumerable.Range(0, count).ToDictionary(index => index, _ => Failure));
}
