using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Cli.Verbs;
using RnnService.Training.Recipes;

namespace RnnService.Cli;

/// <summary>The command <c>rnn</c>.</summary>
internal static partial class RnnCommand
{
    /// <summary>Runs one command line.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="terminal">Where to read and write.</param>
    /// <param name="stop">Ends the work early, as Ctrl-C does.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string[] args, Terminal terminal, CancellationToken stop = default)
    {
        RootCommand root = Create(terminal, stop);
        // An argument that starts with @ is a text like any other, not the name of a file of arguments.
        ParseResult parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var configuration = new InvocationConfiguration
        {
            Output = terminal.Out,
            Error = terminal.Error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // training ends its step first, however long that takes
        };
        try
        {
            if (parsed.Action is not HelpWithExamples && UnknownOption(parsed) is { } option)
            {
                string name = option.TrimStart('-').Split('=')[0].Replace('-', '_');
                string? setting = parsed.CommandResult.Command is RecipeVerb ? RecipeSettings.Near(name) : null;
                terminal.Error.WriteLine(setting is null
                    ? $"Unknown option {option}; a text that looks like one goes after --."
                    : $"Unknown option {option}; did you mean --set {setting}=VALUE?");
            }
            else
            {
                if (parsed.Action is ParseErrorAction errors) errors.ShowHelp = false;
                int code = parsed.Invoke(configuration);
                if (parsed.Action is not ParseErrorAction) return code;
            }

            terminal.Error.WriteLine($"{NameOf(parsed.CommandResult.Command)} --help says more.");
            return ExitCode.Misused;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception error) when (FailureSentence.Of(error) is { } sentence)
        {
            terminal.Error.WriteLine($"rnn: {sentence}");
            return ExitCode.Failed;
        }
    }

    private static RootCommand Create(Terminal terminal, CancellationToken stop)
    {
        var root = new RootCommand("Trains, measures and runs recurrent networks on text.")
        {
            new TrainVerb(terminal, stop),
            new TuneVerb(terminal, stop),
            new CompareVerb(terminal, stop),
            new EvaluateVerb(terminal),
            new GenerateVerb(terminal, stop),
            new TranslateVerb(terminal, stop),
            new ClassifyVerb(terminal, stop),
            new TagVerb(terminal, stop),
            new TranscribeVerb(terminal, stop),
            new InspectVerb(terminal),
            new GradientsVerb(terminal),
            new TokenizeVerb(terminal, stop),
            new ImportVerb(terminal, stop),
            new ExportVerb(terminal),
            new QuantizeVerb(terminal, stop),
            new ServeVerb(terminal),
            new KeyVerb(terminal),
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        var action = new HelpWithExamples((HelpAction)help.Action!);
        help.Action = action;
        root.SetAction(action.Invoke);
        return root;
    }

    /// <summary>What was meant as an option but taken for a text, since verbs take texts.</summary>
    private static string? UnknownOption(ParseResult parsed)
    {
        var verbatim = parsed.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).ToHashSet(ReferenceEqualityComparer.Instance);
        return parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(argument => argument.Tokens)
            .Where(token => !verbatim.Contains(token) && LooksLikeOption().IsMatch(token.Value))
            .Select(token => token.Value).FirstOrDefault();
    }

    [GeneratedRegex("^--?[A-Za-z][A-Za-z-]*(=.*)?$", RegexOptions.Singleline)]
    private static partial Regex LooksLikeOption();

    /// <summary>The words typed for a command.</summary>
    private static string NameOf(Command command) =>
        command is RootCommand || command.Parents.OfType<Command>().FirstOrDefault() is not { } parent ? "rnn" : $"{NameOf(parent)} {command.Name}";
}
