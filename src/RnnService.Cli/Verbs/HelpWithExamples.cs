using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using RnnService.Cli.Output;

namespace RnnService.Cli.Verbs;

/// <summary>The usual help, and a verb's details and examples after it.</summary>
internal sealed class HelpWithExamples(HelpAction usual) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int code = usual.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is Verb verb)
        {
            output.WriteLine(verb.Details);
            output.WriteLine();
            output.WriteLine("Examples:");
            foreach (string example in verb.Examples) output.WriteLine($"  {example}");
            output.WriteLine();
            if (verb.Reference.Length > 0) output.WriteLine(verb.Reference);
        }

        IReadOnlyList<string> definition = OwnCommand.Definition();
        foreach (string line in definition) output.WriteLine(line);
        if (definition.Count > 0) output.WriteLine();
        return code;
    }
}
