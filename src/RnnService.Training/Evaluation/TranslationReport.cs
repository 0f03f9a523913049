namespace RnnService.Training.Evaluation;

/// <summary>How a translator did.</summary>
/// <param name="Tokens">How well it predicts the targets' tokens and ends when it is told those before.</param>
/// <param name="Bleu">BLEU of its translations.</param>
/// <param name="Chrf">chrF2 of its translations.</param>
/// <param name="Translations">The translations, in the order of the pairs.</param>
public sealed record TranslationReport(LanguageScores Tokens, BleuScore Bleu, ChrfScore Chrf, IReadOnlyList<string> Translations);
