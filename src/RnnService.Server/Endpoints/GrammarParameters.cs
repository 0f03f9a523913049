using RnnService.Engine.Generation.Grammars;
using RnnService.Server.Requests;

namespace RnnService.Server.Endpoints;

/// <summary>What a new text may be, as text-generation-inference has it.</summary>
internal sealed record GrammarParameters
{
    /// <summary>
    /// regex: the texts that a regular expression matches as a whole. choices: one of several texts. abc: the text that was sent and the new one are a tune
    /// in ABC notation whose bars add up to its metre.
    /// </summary>
    [OneOf("\"regex\"", "\"choices\"", "\"abc\"")]
    public required string Type { get; init; }

    /// <summary>The regular expression, or the choices in a list; none with abc.</summary>
    [Count(1, Grammar.MostChoices), Length(1, Grammar.MostCharacters)]
    public Texts? Value { get; init; }

    /// <summary>The grammar.</summary>
    /// <param name="field">Where it stands in the request.</param>
    /// <exception cref="RequestProblem">It is none.</exception>
    public Grammar ToGrammar(string field)
    {
        try
        {
            if (Type == "abc")
                return Value is null ? Grammar.Tune : throw RequestProblem.Of(ProblemKind.Validation, $"{field}.value", "is given; expected none with type abc");
            if (Value is null) throw RequestProblem.Of(ProblemKind.Validation, $"{field}.value", "is missing; expected one");
            if (Type == "choices") return Grammar.Choices(Value.Items);
            return Value.IsList
                ? throw RequestProblem.Of(ProblemKind.Validation, $"{field}.value", "is a list; expected a text, the regular expression")
                : Grammar.Regex(Value.Items[0]);
        }
        catch (GrammarException error)
        {
            throw RequestProblem.Of(ProblemKind.Validation, $"{field}.value", error.Message);
        }
    }
}
