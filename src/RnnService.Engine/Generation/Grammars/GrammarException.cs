namespace RnnService.Engine.Generation.Grammars;

/// <summary>A grammar that cannot be made, or that fits no text of a model's tokens. The message says why in a sentence.</summary>
public sealed class GrammarException(string message) : ArgumentException(message);
