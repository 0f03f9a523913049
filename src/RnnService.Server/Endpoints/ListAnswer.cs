using RnnService.AspNetCore.Scheduling;
using RnnService.Engine.Networks;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>In a list of answers, the place of a text that the model cannot compute.</summary>
internal sealed record FailedText
{
    /// <summary>What is wrong with this text.</summary>
    public required string Error { get; init; }

    /// <summary>The kind of problem in one word.</summary>
    public required string ErrorType { get; init; }

    /// <summary>The HTTP status that the text alone would be answered with.</summary>
    public required int Status { get; init; }
}

/// <summary>Answers a list of texts, each in its place, those that cannot be computed too.</summary>
internal static class ListAnswer
{
    /// <param name="texts">What the model says.</param>
    /// <param name="field">The list in the request.</param>
    /// <param name="answer">Makes a text's answer of it; may throw <see cref="NetworkException"/> as the model may.</param>
    /// <returns>The answers, among them a <see cref="FailedText"/> for every text that cannot be computed.</returns>
    /// <exception cref="RequestProblem">None of the texts can be computed.</exception>
    public static object[] Of<TOutput, TAnswer>(TextAnswers<TOutput> texts, string field, Func<TOutput, int, TAnswer> answer)
        where TAnswer : class
    {
        object[] answers = new object[texts.Outputs.Length];
        int failed = 0;
        FaultList? faults = null;
        for (int index = 0; index < answers.Length; index++)
        {
            try
            {
                if (texts.Failures.TryGetValue(index, out NetworkException? failure)) throw failure;
                answers[index] = answer(texts.Outputs[index], index);
            }
            catch (NetworkException exception)
            {
                RequestProblem problem = RequestProblem.Of(exception, answers.Length == 1 ? field : $"{field}[{index}]");
                (string place, string[] messages) = problem.Errors!.Single();
                failed++;
                (faults ??= new FaultList()).Add(place, messages[0]);
                answers[index] = new FailedText { Error = problem.Message, ErrorType = problem.Kind.ErrorType, Status = problem.Kind.Status };
            }
        }

        return failed > 0 && failed == answers.Length ? throw RequestProblem.Of(ProblemKind.Validation, faults!) : answers;
    }
}
