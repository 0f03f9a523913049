using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using RnnService.Training.Corpora;

namespace RnnService.Training.Objectives;

/// <summary>
/// What was read from a corpus, in one line: a run is resumed only with the corpora it began with. Where the files lie and how they
/// are written does not matter, what came out of them does.
/// </summary>
/// <param name="Sha256">Hash of all texts and labels in order, lower-case hexadecimal.</param>
/// <param name="Texts">Texts or sentences; 1 for running text.</param>
/// <param name="Characters">Characters of them (UTF-16 units), labels not counted.</param>
internal sealed record CorpusFingerprint(string Sha256, long Texts, long Characters)
{
    /// <summary>Of running text.</summary>
    public static CorpusFingerprint Of(string text) => Of([([], [text])]);

    /// <summary>Of labelled texts.</summary>
    public static CorpusFingerprint Of(IEnumerable<LabelledText> examples) =>
        Of(examples.Select(example => ((IReadOnlyList<string>)[example.Label, .. example.MoreLabels], (IReadOnlyList<string>)[example.Text])));

    /// <summary>Of pairs of texts.</summary>
    public static CorpusFingerprint Of(IEnumerable<TextPair> pairs) =>
        Of(pairs.Select(pair => ((IReadOnlyList<string>)[], (IReadOnlyList<string>)[pair.Source, pair.Target])));

    /// <summary>Of tagged sentences.</summary>
    public static CorpusFingerprint Of(IEnumerable<TaggedSentence> sentences) => Of(sentences.Select(sentence => (
        (IReadOnlyList<string>)[.. sentence.Tags, .. sentence.Auxiliary.OrderBy(column => column.Key, StringComparer.Ordinal).SelectMany(column => column.Value)],
        sentence.Words)));

    /// <summary>Of sequences of numbers; as characters count their steps.</summary>
    public static CorpusFingerprint Of(IEnumerable<NumberExample> examples)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long count = 0, steps = 0;
        foreach (NumberExample example in examples)
        {
            count++;
            steps += example.Sequence.Steps;
            hash.AppendData(Encoding.UTF8.GetBytes($"{example.Sequence.Steps} {example.Sequence.Features} {example.Labels.Count} {string.Join('\0', example.Labels)}\0"));
            hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(example.Sequence.Values.Span));
            hash.AppendData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(example.Values.Span));
        }

        return new CorpusFingerprint(Convert.ToHexStringLower(hash.GetHashAndReset()), count, steps);
    }

    /// <summary>Of what <see cref="ToString"/> gave.</summary>
    /// <exception cref="FormatException">The text is something else.</exception>
    public static CorpusFingerprint Parse(string text) => text.Split(' ') is [{ Length: 64 } hash, var texts, var characters]
        ? new CorpusFingerprint(hash, long.Parse(texts, CultureInfo.InvariantCulture), long.Parse(characters, CultureInfo.InvariantCulture))
        : throw new FormatException($"\"{text}\" is not the fingerprint of a corpus");

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Sha256} {Texts} {Characters}");

    /// <summary>How this differs from another, in words; null when it does not.</summary>
    public string? DifferenceFrom(CorpusFingerprint then) => this == then
        ? null
        : (Texts, Characters) == (then.Texts, then.Characters)
            ? $"as long as then ({Size}), but of other content"
            : $"{then.Size} then, {Size} now";

    private string Size => string.Create(
        CultureInfo.InvariantCulture, $"{(Texts == 1 ? "" : $"{Texts:N0} texts of ")}{Characters:N0} characters");

    private static CorpusFingerprint Of(IEnumerable<(IReadOnlyList<string> Labels, IReadOnlyList<string> Words)> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        long count = 0, characters = 0;
        byte[] length = new byte[sizeof(int)];
        foreach (var (labels, words) in texts)
        {
            count++;
            Append(labels.Count + words.Count);
            foreach (string part in labels.Concat(words))
            {
                byte[] bytes = Encoding.UTF8.GetBytes(part);
                Append(bytes.Length); // so that no two corpora differ by where a word ends alone
                hash.AppendData(bytes);
            }

            characters += words.Sum(word => (long)word.Length);
        }

        return new CorpusFingerprint(Convert.ToHexStringLower(hash.GetHashAndReset()), count, characters);

        void Append(int number)
        {
            BinaryPrimitives.WriteInt32LittleEndian(length, number);
            hash.AppendData(length);
        }
    }
}
