using System.Buffers;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Engine.Models;

/// <summary>A label of a word and its probability.</summary>
/// <param name="Label">Index into <see cref="ModelConfig.Labels"/>.</param>
/// <param name="Score">Its probability.</param>
public readonly record struct TagScore(int Label, float Score);

/// <summary>A labelled piece of a text: a word, or neighbouring words that form one.</summary>
/// <param name="Label">The label; of a span without its mark, <c>PER</c> of <c>B-PER</c>.</param>
/// <param name="Text">The piece as it stands in the text.</param>
/// <param name="Start">Index of its first UTF-16 unit, as in <see cref="string"/>.</param>
/// <param name="CodePointStart">Index of its first Unicode code point, as in Python.</param>
/// <param name="CodePointEnd">One past its last code point.</param>
/// <param name="Score">Its probability; of a span the mean of its words'.</param>
public readonly record struct TaggedSpan(string Label, string Text, int Start, int CodePointStart, int CodePointEnd, float Score)
{
    /// <summary>One past its last UTF-16 unit, so that <c>text[Start..End]</c> is the piece.</summary>
    public int End => Start + Text.Length;
}

/// <summary>Takes the logits of one sentence.</summary>
/// <param name="row">Index of the sentence.</param>
/// <param name="logits">[words,outputs]; may be overwritten, and is of no meaning after the call.</param>
internal delegate void SentenceReader(int row, Span<float> logits);

/// <summary>
/// Gives every word a label, from its embedding and, where configured, from its spelling read by a character network in both directions.
/// Immutable and safe for any number of threads; whoever made it disposes of it.
/// </summary>
/// <example>
/// <code>
/// using var tags = Tagger.Load("models/pos");
/// foreach (TaggedSpan span in tags.Tag("Marie Curie worked in Paris."))
///     Console.WriteLine($"{span.Text} {span.Label} {span.Start}..{span.End}");
/// </code>
/// </example>
public sealed class Tagger : TextModel
{
    internal Tagger(ModelConfig config, ModelVocabulary vocabulary, ITaggerNetwork network)
        : base(config, vocabulary)
    {
        Network = network;
        Spans = SpanScheme.Of(config.Labels);
        Decoder = new TagDecoder(config, () => network.Transitions);
    }

    /// <inheritdoc/>
    public override ITaggerNetwork Network { get; }

    /// <summary>How the labels mark spans, and how words are joined into them.</summary>
    public SpanScheme Spans { get; }

    /// <summary>What makes labels of the network's scores.</summary>
    internal TagDecoder Decoder { get; }

    /// <summary>The labels' names in id order.</summary>
    public IReadOnlyList<string> Labels => Config.Labels;

    /// <summary>Loads a tagger from its folder and checks that it still gives its golden answer.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="cancellationToken">Ends loading.</param>
    /// <exception cref="ModelFolderException">A file is missing or wrong, or the folder holds another kind of model; the message says which.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static Tagger Load(string path, CancellationToken cancellationToken = default) => ModelFolder.Load<Tagger>(path, null, cancellationToken);

    /// <summary>
    /// The labelled spans of a text, from left to right: words joined as the labels mark them (BIO, IO, BIOES, BMES, BILOU), nothing for O.
    /// Where labels mark no spans, such as parts of speech, every word is one.
    /// </summary>
    /// <param name="text">The text, of any length.</param>
    /// <exception cref="NetworkException">The network cannot compute this text.</exception>
    public IReadOnlyList<TaggedSpan> Tag(string text) => Tag([text])[0];

    /// <summary>The labelled spans of each of several texts; a text's spans are what they would be alone.</summary>
    /// <param name="texts">The texts.</param>
    /// <exception cref="NetworkException">The network cannot compute one of these texts.</exception>
    public IReadOnlyList<IReadOnlyList<TaggedSpan>> Tag(IReadOnlyList<string> texts) => Tag(texts, SpansOf);

    /// <summary>Every word of a text with its label as the model gives it, marks and O included.</summary>
    /// <inheritdoc cref="Tag(string)" path="/param|/exception"/>
    public IReadOnlyList<TaggedSpan> TagWords(string text) => TagWords([text])[0];

    /// <summary>Every word of each of several texts with its label as the model gives it, marks and O included.</summary>
    /// <inheritdoc cref="Tag(IReadOnlyList{string})" path="/param|/exception"/>
    public IReadOnlyList<IReadOnlyList<TaggedSpan>> TagWords(IReadOnlyList<string> texts) =>
        Tag(texts, (_, words, tags) => WordsOf(words, tags));

    /// <summary>
    /// Splits raw text into words with their offsets, the way this model was trained. A tagger over characters reads white space where its
    /// vocabulary has it, and passes over it elsewhere, as columns of words and labels hold none. One over subwords labels English words, or what
    /// stands for them in other languages, each read as one subword or several.
    /// </summary>
    public List<Token> Split(string text) => Tokenizer.Kind == Tokenization.Subwords ? EnglishTokenizer.Words(text) : [.. Tokenizer.Split(text)
        .Where(token => Tokenizer.Kind != Tokenization.Characters || !string.IsNullOrWhiteSpace(token.Text) || Tokenizer.Knows(token.Text))];

    /// <inheritdoc/>
    public override TokenizedText Read(string text)
    {
        List<Token> words = Split(text);
        if (Tokenizer is SubwordTokenizer subwords) return Pieces(subwords, words);
        return new TokenizedText(words, [.. words.Select(word => Tokenizer.IdOf(word.Text))]);
    }

    /// <summary>The pieces of words with their offsets in the text; the space that is read before a word is in none.</summary>
    private static TokenizedText Pieces(SubwordTokenizer tokenizer, List<Token> words)
    {
        var pieces = new List<Token>();
        string[] forms = [.. words.Select(word => word.Text)];
        (int[] ids, int[] ends) = tokenizer.EncodeWords(forms);
        for (int i = 0; i < forms.Length; i++)
        {
            Token word = words[i];
            string read = WordSpacing.InPlace(forms, i);
            int space = read.Length - word.Text.Length;
            foreach (Token piece in tokenizer.Split(read))
            {
                (int start, int first) = (Math.Max(0, piece.Start - space), Math.Max(0, piece.CodePointStart - space));
                pieces.Add(new Token(
                    word.Text[start..Math.Max(start, piece.End - space)], word.Start + start, word.CodePointStart + first,
                    word.CodePointStart + Math.Max(first, piece.CodePointEnd - space)));
            }
        }

        return new TokenizedText(pieces, ids) { WordEnds = ends };
    }

    /// <summary>The same network behind another configuration that asks for the same parameters: what happens to its logits may differ.</summary>
    internal Tagger With(ModelConfig config)
    {
        config.Validate();
        return new Tagger(config, Vocabulary, Network);
    }

    /// <summary>Prepares words for tagging; of a tagger over characters, characters.</summary>
    public TaggerInput Encode(IEnumerable<string> words) => Encode(words, withAlternatives: false);

    /// <summary>Prepares words for tagging; of a tagger over characters, characters.</summary>
    /// <param name="words">The words.</param>
    /// <param name="withAlternatives">Whether <see cref="Tag(IReadOnlyList{TaggerInput}, Action?)"/> gives all labels of each, the likeliest first.</param>
    public TaggerInput Encode(IEnumerable<string> words, bool withAlternatives)
    {
        string[] forms = [.. words];
        int ranks = withAlternatives ? Labels.Count : 1, unknown = Vocabulary.Tokens.UnknownId;
        if (Tokenizer is not SubwordTokenizer subwords) return new TaggerInput(forms, [.. forms.Select(Tokenizer.IdOf)], unknown, ranks);
        (int[] ids, int[] ends) = subwords.EncodeWords(forms);
        return new TaggerInput(forms, ids, unknown, ranks, ends);
    }

    /// <summary>Why the labels of a text say little or nothing; null where there is nothing to say.</summary>
    /// <param name="text">The text.</param>
    /// <param name="input">Its words, from <see cref="Encode(IEnumerable{string})"/>.</param>
    public string? Warning(string text, TaggerInput input) => UnknownText.Sentence(Tokenizer, text, input.IsUnknown && Config.Characters is null || input.Length == 0);

    /// <summary>
    /// The likeliest label of every word: [N][words]; with alternatives every label of every word, the likeliest first: [N][words·labels]. With a
    /// conditional random field the label is that of the likeliest string of labels, and comes first though another may be likelier by itself. A
    /// sentence's labels do not depend on its company.
    /// </summary>
    /// <param name="sentences">Sentences from <see cref="Encode(IEnumerable{string})"/>; one without words gives an empty row.</param>
    /// <param name="betweenSteps">See <see cref="ITaggerNetwork.Forward"/>.</param>
    public TagScore[][] Tag(IReadOnlyList<TaggerInput> sentences, Action? betweenSteps = null)
    {
        TagScore[][] result = [.. sentences.Select(sentence => new TagScore[sentence.Length * sentence.Ranks])];
        int labels = Labels.Count, longest = sentences.Max(sentence => (int?)sentence.Length) ?? 0;
        float[] scores = new float[longest * labels];
        int[] best = new int[longest];
        Read(sentences, (row, logits) =>
        {
            (int words, int ranks) = (sentences[row].Length, sentences[row].Ranks);
            Decoder.Decode(logits, best.AsSpan(0, words), scores.AsSpan(0, words * labels));
            for (int word = 0; word < words; word++)
            {
                ReadOnlySpan<float> own = scores.AsSpan(word * labels, labels);
                if (ranks == 1) result[row][word] = new TagScore(best[word], own[best[word]]);
                else TagAlternatives.Rank(own, best[word], result[row].AsSpan(word * ranks, ranks));
            }
        }, betweenSteps);
        return result;
    }

    /// <summary>Hands over the logits [words,outputs] of each sentence, to be used up.</summary>
    internal void Read(IReadOnlyList<TaggerInput> sentences, SentenceReader read, Action? betweenSteps = null)
    {
        if (sentences.Count == 0) return;
        int outputs = Decoder.Outputs;
        int[] starts = new int[sentences.Count + 1];
        for (int i = 0; i < sentences.Count; i++) starts[i + 1] = starts[i] + sentences[i].Length * outputs;
        float[] all = ArrayPool<float>.Shared.Rent(starts[^1]);
        try
        {
            Network.Forward(sentences, (row, step, logits) => logits.CopyTo(all.AsSpan(starts[row] + step * outputs)), betweenSteps);
            for (int i = 0; i < sentences.Count; i++) read(i, all.AsSpan(starts[i]..starts[i + 1]));
        }
        finally
        {
            ArrayPool<float>.Shared.Return(all);
        }
    }

    /// <summary>Spans of a text from the tags of its words.</summary>
    /// <param name="text">The text.</param>
    /// <param name="words">Its words, from <see cref="Split"/>.</param>
    /// <param name="tags">Their tags, from <see cref="Tag(IReadOnlyList{TaggerInput}, Action?)"/>.</param>
    /// <exception cref="NetworkException">A score is infinite or no number.</exception>
    public IReadOnlyList<TaggedSpan> SpansOf(string text, IReadOnlyList<Token> words, TagScore[] tags)
    {
        ThrowIfNotFinite(tags);
        return [.. Spans.Join(TagAlternatives.Best(tags, words.Count)).Select(span =>
        {
            Token first = words[span.First], last = words[span.First + span.Count - 1];
            return new TaggedSpan(span.Label, text[first.Start..last.End], first.Start, first.CodePointStart, last.CodePointEnd, span.Score);
        })];
    }

    /// <summary>The words themselves with their labels.</summary>
    /// <inheritdoc cref="SpansOf" path="/param|/exception"/>
    public IReadOnlyList<TaggedSpan> WordsOf(IReadOnlyList<Token> words, TagScore[] tags)
    {
        ThrowIfNotFinite(tags);
        return [.. words.Zip(TagAlternatives.Best(tags, words.Count), (word, tag) =>
            new TaggedSpan(Labels[tag.Label], word.Text, word.Start, word.CodePointStart, word.CodePointEnd, tag.Score))];
    }

    /// <summary>
    /// The likeliest other labels, the best first, of each span of <see cref="SpansOf"/>: without marks, each with the mean over the span's
    /// words of what its marks have together.
    /// </summary>
    /// <param name="tags">The words' tags, encoded with alternatives.</param>
    /// <param name="most">Most labels of a span.</param>
    public IReadOnlyList<IReadOnlyList<LabelScore>> SpanAlternatives(TagScore[] tags, int most) => TagAlternatives.OfSpans(this, tags, most);

    /// <summary>The likeliest other labels, the best first, of each word of <see cref="WordsOf"/>.</summary>
    /// <param name="tags">The words' tags, encoded with alternatives.</param>
    /// <param name="most">Most labels of a word.</param>
    public IReadOnlyList<IReadOnlyList<LabelScore>> WordAlternatives(TagScore[] tags, int most) => TagAlternatives.OfWords(Labels, tags, most);

    /// <inheritdoc/>
    public override ModelAnswer Answer(string input)
    {
        TagScore[] tags = Tag([Encode(Split(input).Select(word => word.Text))])[0];
        return new ModelAnswer([.. tags.Select(tag => Labels[tag.Label])], [.. tags.Select(tag => tag.Score)]);
    }

    private IReadOnlyList<TaggedSpan>[] Tag(
        IReadOnlyList<string> texts, Func<string, IReadOnlyList<Token>, TagScore[], IReadOnlyList<TaggedSpan>> answer)
    {
        List<Token>[] words = [.. texts.Select(Split)];
        var answers = new IReadOnlyList<TaggedSpan>[words.Length];
        TaggerInput[] inputs = [.. words.Select(text => Encode(text.Select(word => word.Text)))];
        foreach (int[] batch in LengthBatches.Of([.. inputs.Select(input => input.Tokens)]))
        {
            TagScore[][] tags = Tag([.. batch.Select(index => inputs[index])]);
            for (int i = 0; i < batch.Length; i++) answers[batch[i]] = answer(texts[batch[i]], words[batch[i]], tags[i]);
        }

        return answers;
    }

    private static void ThrowIfNotFinite(TagScore[] tags)
    {
        foreach (TagScore tag in tags) NetworkException.ThrowIfNotFinite(tag.Score);
    }
}
