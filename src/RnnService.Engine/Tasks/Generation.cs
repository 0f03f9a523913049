namespace RnnService.Engine.Tasks;

/// <summary>
/// One text being continued: its state, its draws and what came of them. Not thread-safe; <see cref="LanguageModel.Advance"/> moves it on.
/// </summary>
public sealed class Generation
{
    /// <summary>Prepares to continue <paramref name="prompt"/>.</summary>
    /// <exception cref="ArgumentException">The prompt is empty or an option is out of its bounds.</exception>
    public Generation(LanguageModel model, string prompt, GenerationOptions options) => throw new NotImplementedException();

    /// <summary>Number of the prompt's tokens.</summary>
    public int PromptTokens => throw new NotImplementedException();

    /// <summary>The seed in use, given or drawn.</summary>
    public ulong Seed => throw new NotImplementedException();

    /// <summary>The tokens generated so far.</summary>
    public IReadOnlyList<GeneratedToken> Tokens => throw new NotImplementedException();

    /// <summary>The prompt's tokens with their log-probabilities, when <see cref="GenerationOptions.ScorePrompt"/> asked for them.</summary>
    public IReadOnlyList<ScoredToken> Prompt => throw new NotImplementedException();

    /// <summary>The token that the last step added; null while the prompt is still being read.</summary>
    public GeneratedToken? Newest => throw new NotImplementedException();

    /// <summary>The generated text so far.</summary>
    public string Text => throw new NotImplementedException();

    /// <summary>Why it ended; null while it goes on.</summary>
    public FinishReason? Finished => throw new NotImplementedException();
}
