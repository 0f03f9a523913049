using RnnService.Engine.Text;
using RnnService.Training.Corpora;

namespace RnnService.Training.Evaluation;

/// <summary>
/// Precision, recall and F1 of a tokenizer's words against a corpus's. A word counts as correct when both its ends agree. Not safe for
/// several threads.
/// </summary>
internal sealed class TokenScores
{
    /// <summary>The score over all sentences so far.</summary>
    public F1Score Overall { get; private set; }

    /// <summary>
    /// Tokenizes the raw sentences of a CoNLL-U file, its <c># text =</c> lines, with <see cref="EnglishTokenizer"/> and compares the words.
    /// </summary>
    /// <remarks>
    /// The words of a multi-word token are found inside it by their letters (<c>don't</c> is <c>do</c> and <c>n't</c>); where they do
    /// not spell it, the whole counts as one word. Empty nodes are left out.
    /// </remarks>
    /// <param name="conlluPath">The file; a name that ends in .gz is unpacked.</param>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    /// <exception cref="InvalidDataException">A line is malformed, a sentence has no text, or its words are not in the text.</exception>
    public static TokenScores Measure(string conlluPath)
    {
        var scores = new TokenScores();
        foreach (var (text, words) in ConlluText.Read(CorpusFile.Open(conlluPath)))
        {
            scores.Add(words, [.. EnglishTokenizer.Words(text).Select(token => (token.CodePointStart, token.CodePointEnd))]);
        }

        return scores;
    }

    /// <summary>Counts one sentence's words.</summary>
    /// <param name="gold">The right spans, ascending.</param>
    /// <param name="predicted">The spans to judge, ascending.</param>
    public void Add(IReadOnlyList<(int Start, int End)> gold, IReadOnlyList<(int Start, int End)> predicted)
    {
        int correct = 0;
        for (int g = 0, p = 0; g < gold.Count && p < predicted.Count;)
        {
            int order = gold[g].CompareTo(predicted[p]);
            if (order == 0) correct++;
            if (order <= 0) g++;
            if (order >= 0) p++;
        }

        Overall = new F1Score(Overall.Gold + gold.Count, Overall.Predicted + predicted.Count, Overall.Correct + correct);
    }

    /// <summary>The score for the console.</summary>
    public string ToTable() => TextTable.Format([["token", .. TextTable.ScoreHeader], ["word", .. TextTable.Cells(Overall)]]);
}
