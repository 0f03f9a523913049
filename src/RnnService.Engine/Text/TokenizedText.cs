namespace RnnService.Engine.Text;

/// <summary>The tokens of a text that a model reads, one id each.</summary>
/// <param name="Tokens">What stands in the text, and where.</param>
/// <param name="Ids">Their ids.</param>
public sealed record TokenizedText(IReadOnlyList<Token> Tokens, int[] Ids)
{
    /// <summary>Of each word that a tagger labels the index of its last token; null where every token is one.</summary>
    internal int[]? WordEnds { get; init; }
}
