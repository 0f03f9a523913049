using System.CommandLine;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Training.Evaluation;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn tokenize</c>: the words of English text, or the tokens of a model.</summary>
internal sealed class TokenizeVerb : Verb
{
    private readonly CancellationToken _stop;
    private readonly Argument<string[]> _texts = TextArguments.Create();
    private readonly Option<bool> _json = new("--json") { Description = "One JSON object a text: its tokens with their offsets." };

    private readonly Option<string> _model = new("--model")
    {
        Description = "Splits as this model does, a folder or the name of one under models/, and tells its tokens' ids; without it English words are split.",
        HelpName = "MODEL",
    };

    private readonly Option<string> _evaluate = new("--evaluate")
    {
        Description = "Splits the raw sentences of a CoNLL-U file and prints precision, recall and F1 of the words.",
        HelpName = "FILE",
    };

    public TokenizeVerb(Terminal terminal, CancellationToken stop)
        : base(
            terminal, "tokenize", "Splits text into words, as the models do.",
            "One line a word: start, end (exclusive, both in code points), word and, with --model, its id separated by tabs; an empty line\nafter each text.",
            "rnn tokenize \"We'll see, won't we?\"",
            "rnn tokenize --json < sentences.txt",
            "rnn tokenize --model models/my-model \"We'll see.\"",
            "rnn tokenize --evaluate data/ewt-pos/dev.conllu")
    {
        _stop = stop;
        Add(_texts);
        Add(_json);
        Add(_model);
        Add(_evaluate);
        Validators.Add(given =>
        {
            if (given.GetResult(_evaluate) is not null && given.GetResult(_texts) is { Tokens.Count: > 0 })
                given.AddError("--evaluate reads its own texts; expected either --evaluate or texts.");
        });
    }

    protected override int Run(ParseResult parsed)
    {
        bool json = parsed.GetValue(_json);
        if (parsed.GetValue(_evaluate) is { } file)
        {
            Show(TokenScores.Measure(file), json);
            return ExitCode.Done;
        }

        using TextModel? model = parsed.GetValue(_model) is { } name ? ModelArgument.Load<TextModel>(Terminal, name) : null;
        foreach (string text in TextArguments.Read(Terminal, parsed.GetValue(_texts), _stop))
        {
            TokenizedText? read = model?.Read(text);
            IReadOnlyList<Token> tokens = read?.Tokens ?? EnglishTokenizer.Words(text);
            if (json)
            {
                Terminal.Out.WriteJson(read is null ? (object)new { Text = text, Tokens = tokens } : new { Text = text, Tokens = tokens, read.Ids });
                continue;
            }

            for (int i = 0; i < tokens.Count; i++)
            {
                Token token = tokens[i];
                Terminal.Out.WriteLine($"{token.CodePointStart}\t{token.CodePointEnd}\t{token.Text}{(read is null ? "" : $"\t{read.Ids[i]}")}");
            }

            Terminal.Out.WriteLine();
        }

        return ExitCode.Done;
    }

    private void Show(TokenScores scores, bool json)
    {
        if (json) Terminal.Out.WriteJson(scores.Overall);
        else Terminal.Out.Write(scores.ToTable());
    }
}
