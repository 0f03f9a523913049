using System.CommandLine;
using RnnService.Cli.Shell;
using RnnService.Engine.Networks;

namespace RnnService.Cli.Verbs;

/// <summary>One of the command's verbs: its arguments and options are its fields, <see cref="Run"/> is what it does.</summary>
internal abstract class Verb : Command
{
    /// <param name="terminal">Where to read and write.</param>
    /// <param name="name">The word typed.</param>
    /// <param name="description">One sentence.</param>
    /// <param name="details">What else there is to know.</param>
    /// <param name="examples">Whole command lines for the help.</param>
    protected Verb(Terminal terminal, string name, string description, string details, params string[] examples)
        : base(name, description)
    {
        Terminal = terminal;
        Details = details;
        Examples = examples;
        SetAction(Run);
    }

    /// <summary>What the help says after the options.</summary>
    public string Details { get; }

    /// <summary>Command lines that work, for the help.</summary>
    public IReadOnlyList<string> Examples { get; }

    /// <summary>What the help ends with, after the examples; empty where there is nothing to look up.</summary>
    public virtual string Reference => "";

    protected Terminal Terminal { get; }

    /// <summary>
    /// Does something for each text. One that the model cannot compute has a sentence on standard error in place of its answer, and the
    /// others are answered.
    /// </summary>
    /// <returns>The exit code: that of a failure when there was such a text.</returns>
    protected int ForEach(IEnumerable<string> texts, Action<string> answer)
    {
        int code = ExitCode.Done, number = 0;
        foreach (string text in texts)
        {
            number++;
            try
            {
                answer(text);
            }
            catch (NetworkException failure)
            {
                Terminal.Error.WriteLine($"rnn: text {number}: the model cannot compute it: {failure.Message}");
                code = ExitCode.Failed;
            }
        }

        return code;
    }

    /// <returns>The exit code.</returns>
    protected abstract int Run(ParseResult parsed);
}
