namespace RnnService.Engine.Generation.Grammars;

/// <summary>
/// What a generated text may be: after every token some text of the language is still within reach, and the text ends only where it is one. Immutable
/// and safe for any number of threads; two that were made of the same are equal.
/// </summary>
/// <remarks>
/// A model of words is held to the text without the space before its first word. In a place where the text may end, it ends as soon as the model
/// draws what cannot follow, its end token or any other; where nothing can follow it ends at once. <see cref="GenerationOptions.MaxNewTokens"/> may cut it.
/// </remarks>
public sealed class Grammar : IEquatable<Grammar>
{
    /// <summary>The most choices, and characters of all of them or of a regular expression.</summary>
    public const int MostChoices = 1000, MostCharacters = 20_000;

    private readonly string _source;

    internal Grammar(string source, Automaton automaton) => (_source, Automaton) = (source, automaton);

    /// <summary>What reads the text, byte by byte.</summary>
    internal Automaton Automaton { get; }

    /// <summary>Tells grammars apart in a stream's state, on every machine alike.</summary>
    internal ulong Key => BitConverter.ToUInt64(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(_source)));

    /// <summary>
    /// The texts that a regular expression matches as a whole: literals, <c>.</c>, classes such as <c>[a-z0-9_]</c> and <c>[^"]</c>, <c>\d \w \s</c> (of
    /// ASCII) and their opposites, groups, <c>|</c>, and <c>* + ? {n} {n,} {n,m}</c>. It takes bounded memory and time whatever the expression.
    /// </summary>
    /// <exception cref="GrammarException">It is no such expression, or one too large; the message says where and why.</exception>
    public static Grammar Regex(string pattern)
    {
        if (pattern.Length > MostCharacters) throw new GrammarException($"the regular expression has {pattern.Length} characters; expected at most {MostCharacters}");
        return GrammarCache.Get("regex\0" + pattern, source => new Grammar(source, ByteAutomaton.Of(RegexParser.Parse(pattern))));
    }

    /// <summary>One of several texts.</summary>
    /// <exception cref="GrammarException">There are none, or too many, or one is empty.</exception>
    public static Grammar Choices(IReadOnlyCollection<string> choices)
    {
        if (choices.Count is 0 or > MostChoices) throw new GrammarException($"there are {choices.Count} choices; expected 1 to {MostChoices}");
        if (choices.Any(string.IsNullOrEmpty)) throw new GrammarException("one of the choices is empty; expected a character or more in each");
        if (choices.Sum(choice => choice.Length) is > MostCharacters and var length)
            throw new GrammarException($"the choices have {length} characters; expected at most {MostCharacters}");
        return GrammarCache.Get(
            "choices\0" + string.Concat(choices.Select(choice => $"{choice.Length}:{choice}")),
            source => new Grammar(source, ByteAutomaton.Of(new RegexNode.Either([.. choices.Select(RegexNode.Literal)]))));
    }

    /// <summary>
    /// A tune in ABC whose bars add up to its metre (docs/http.md says in which form): the text that was sent and the new one together. Text before the
    /// last <c>X:</c> is another tune.
    /// </summary>
    public static Grammar Tune { get; } = new("abc", AbcAutomaton.Instance) { Begins = "X:" };

    /// <summary>What a text that was sent has to go on from, the last time that it stands there; null where the new text stands for itself.</summary>
    internal string? Begins { get; private init; }

    /// <inheritdoc/>
    public bool Equals(Grammar? other) => other?._source == _source;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Grammar);

    /// <inheritdoc/>
    public override int GetHashCode() => _source.GetHashCode(StringComparison.Ordinal);

    /// <summary>Memory that it takes, roughly.</summary>
    internal long Bytes => _source.Length * 2L + Automaton.Bytes;
}
