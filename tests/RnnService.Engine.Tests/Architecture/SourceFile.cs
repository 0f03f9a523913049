namespace RnnService.Engine.Tests.Architecture;

/// <summary>A dotted name as it stands in the source.</summary>
/// <param name="Parts">Its words, without <c>global::</c>.</param>
/// <param name="Line">Where it starts.</param>
/// <param name="IsDirective">Whether a using directive names it: then it is a namespace or a type for certain.</param>
internal sealed record NameUse(string[] Parts, int Line, bool IsDirective);

/// <summary>What the dependency rules need to know of one C# file.</summary>
internal sealed class SourceFile
{
    private static readonly string[] TypeKeywords = ["class", "struct", "interface", "enum", "record"];

    private readonly List<NameUse> _names = [];
    private readonly List<NameUse> _globalUsings = [];
    private readonly List<string> _namespaces = [];
    private readonly HashSet<string> _types = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string[]> _aliases = new(StringComparer.Ordinal);

    /// <param name="path">Path below the repository's root, with slashes.</param>
    /// <param name="code">C# source.</param>
    public SourceFile(string path, string code)
    {
        Path = path;
        Read(CSharpTokens.Of(code));
    }

    public string Path { get; }

    /// <summary>The namespace its folder stands for: the path below src or tests.</summary>
    public string FolderNamespace => string.Join('.', Path.Split('/')[1..^1]);

    public IReadOnlyList<string> Namespaces => _namespaces;

    public IReadOnlySet<string> Types => _types;

    public IReadOnlyDictionary<string, string[]> Aliases => _aliases;

    /// <summary>Every dotted name and every single word, using directives included.</summary>
    public IReadOnlyList<NameUse> Names => _names;

    /// <summary>Those using directives that act on the whole project.</summary>
    public IReadOnlyList<NameUse> GlobalUsings => _globalUsings;

    private static bool IsWord(string text) => char.IsLetter(text[0]) || text[0] == '_';

    private void Read(IReadOnlyList<Token> tokens)
    {
        int at = 0;
        while (at < tokens.Count)
        {
            string text = tokens[at].Text;
            if (text == "namespace") _namespaces.Add(string.Join('.', ReadName(tokens, ref at, skip: 1)));
            else if (text == "using") ReadUsing(tokens, ref at);
            else if (IsWord(text)) ReadUse(tokens, ref at);
            else at++;
        }
    }

    private void ReadUsing(IReadOnlyList<Token> tokens, ref int at)
    {
        bool isGlobal = at > 0 && tokens[at - 1].Text == "global";
        int start = at;
        int name = at + 1;
        while (name < tokens.Count && tokens[name].Text is "static" or "unsafe") name++;
        string? alias = null;
        if (name + 1 < tokens.Count && tokens[name + 1].Text == "=")
        {
            alias = tokens[name].Text;
            name += 2;
        }

        int end = name;
        string[] parts = ReadName(tokens, ref end, skip: 0);
        // Otherwise a using statement or declaration: its words are code.
        bool isDirective = parts.Length > 0 && (alias is not null || end < tokens.Count && tokens[end].Text == ";");
        at = isDirective ? end : start + 1;
        if (!isDirective) return;
        var use = new NameUse(parts, tokens[start].Line, IsDirective: true);
        if (alias is not null) _aliases[alias] = parts;
        _names.Add(use);
        if (isGlobal) _globalUsings.Add(use);
    }

    private void ReadUse(IReadOnlyList<Token> tokens, ref int at)
    {
        string before = at > 0 ? tokens[at - 1].Text : "";
        if (TypeKeywords.Contains(tokens[at].Text) && before is not (":" or ",")) AddType(tokens, at + 1);
        if (tokens[at].Text == "delegate") AddDelegate(tokens, at + 1);
        int line = tokens[at].Line;
        bool isMember = before == ".";
        string[] parts = ReadName(tokens, ref at, skip: 0);
        if (!isMember) _names.Add(new NameUse(parts, line, IsDirective: false));
    }

    private void AddType(IReadOnlyList<Token> tokens, int at)
    {
        // "record struct" and "record class".
        if (at < tokens.Count && !TypeKeywords.Contains(tokens[at].Text) && char.IsUpper(tokens[at].Text[0])) _types.Add(tokens[at].Text);
    }

    private void AddDelegate(IReadOnlyList<Token> tokens, int at)
    {
        while (at + 1 < tokens.Count && tokens[at + 1].Text is not ("(" or ";")) at++;
        if (at < tokens.Count && char.IsUpper(tokens[at].Text[0])) _types.Add(tokens[at].Text);
    }

    private static string[] ReadName(IReadOnlyList<Token> tokens, ref int at, int skip)
    {
        at += skip;
        if (at + 1 < tokens.Count && tokens[at].Text == "global" && tokens[at + 1].Text == "::") at += 2;
        var parts = new List<string>();
        while (at < tokens.Count && IsWord(tokens[at].Text))
        {
            parts.Add(tokens[at++].Text);
            if (at + 1 >= tokens.Count || tokens[at].Text is not ("." or "::") || !IsWord(tokens[at + 1].Text)) break;
            at++;
        }

        return [.. parts];
    }
}
