namespace RnnService.AspNetCore.Diagnostics;

/// <summary>Names of OpenTelemetry's semantic conventions for generative models.</summary>
internal static class GenAi
{
    public const string Operation = "gen_ai.operation.name";
    public const string Provider = "gen_ai.provider.name";
    public const string RequestModel = "gen_ai.request.model";
    public const string InputTokens = "gen_ai.usage.input_tokens";
    public const string OutputTokens = "gen_ai.usage.output_tokens";
    public const string TokenType = "gen_ai.token.type";
    public const string ErrorType = "error.type";

    /// <summary>The provider: the conventions leave the name to whoever is not in their list.</summary>
    public const string Service = "rnn-service";

    /// <summary>What the conventions call a kind of work: theirs for texts that are continued, else our own.</summary>
    public static string OperationOf(string kind) => kind == "generate" ? "text_completion" : kind;
}
