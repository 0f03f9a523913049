using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Reflection;
using System.Text.RegularExpressions;
using RnnService.Cli.Arguments;
using RnnService.Cli.Verbs;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;
using RnnService.Engine.Weights;
using RnnService.Onnx;
using RnnService.Onnx.Import;
using RnnService.Training.Corpora;
using RnnService.Training.Recipes;
using RnnService.Training.Runs;

namespace RnnService.Cli;

/// <summary>The command <c>rnn</c>.</summary>
internal static partial class RnnCommand
{
    /// <summary>It did what was asked.</summary>
    public const int Done = 0;

    /// <summary>It could not; a sentence on standard error says why.</summary>
    public const int Failed = 1;

    /// <summary>The command line itself is wrong.</summary>
    public const int Misused = 2;

    /// <summary>Stopped by Ctrl-C or by the caller, as shells number it.</summary>
    public const int Interrupted = 130;

    /// <summary>Stopped by SIGTERM, as shells number it.</summary>
    public const int Terminated = 143;

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
                string? setting = parsed.CommandResult.Command is TrainVerb ? RecipeSettings.Near(name) : null;
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
            return Misused;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Interrupted;
        }
        catch (Exception error) when (IsExpected(Innermost(error)))
        {
            terminal.Error.WriteLine($"rnn: {Sentence(Innermost(error))}");
            return Failed;
        }
    }

    private static RootCommand Create(Terminal terminal, CancellationToken stop)
    {
        var root = new RootCommand("Trains, measures and runs recurrent networks on text.")
        {
            new TrainVerb(terminal, stop),
            new EvaluateVerb(terminal),
            new GenerateVerb(terminal, stop),
            new ClassifyVerb(terminal, stop),
            new TagVerb(terminal, stop),
            new InspectVerb(terminal),
            new TokenizeVerb(terminal, stop),
            new ImportVerb(terminal, stop),
            new ExportVerb(terminal),
            new QuantizeVerb(terminal, stop),
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

    private static string NameOf(Command command) => command is Verb ? $"rnn {command.Name}" : "rnn";

    private static bool IsExpected(Exception error) => error
        is CommandException or RecipeException or RunFolderException or TrainingDivergedException or ModelFolderException
        or WeightFormatException or ImportException or DisagreementException or IOException or UnauthorizedAccessException
        or InvalidDataException or ArgumentException or NetworkException or OutOfMemoryException or OverflowException
        or CorpusException;

    /// <summary>What went wrong itself: several threads at work wrap it, and so does a type that cannot be made ready.</summary>
    private static Exception Innermost(Exception error) =>
        error is (AggregateException or TypeInitializationException or TargetInvocationException) && error.InnerException is { } inner
            ? Innermost(inner)
            : error;

    private static string Sentence(Exception error)
    {
        string message = error.Message;
        // A line for each thing that is wrong.
        if (error is ImportException) return message;
        if (error is OutOfMemoryException or OverflowException)
            return "this takes more memory than there is; expected smaller sizes (hidden_size, embedding_size, batch_size) or a shorter text";
        if (error is CorpusException corpus) message = corpus.Note.Say(CorpusOptions.OptionOf);
        // .NET appends the name of the method's parameter, which says nothing to who runs the command.
        if (error is ArgumentException { ParamName: { } parameter })
            message = message.Replace($" (Parameter '{parameter}')", "", StringComparison.Ordinal);
        return message.ReplaceLineEndings(" ") + error switch
        {
            RunFolderException => "; --restart starts anew",
            TrainingDivergedException => " (--learning-rate, --set training.clip_norm=1; --restart starts anew)",
            _ => "",
        };
    }
}
