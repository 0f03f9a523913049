using Spectre.Console;

namespace RnnService.Cli.Shell;

/// <summary>What a verb reads from and writes to.</summary>
/// <param name="Console">Standard output, for bars and tables.</param>
/// <param name="In">Standard input.</param>
/// <param name="Error">Standard error.</param>
/// <param name="InputIsPiped">Whether standard input is a file or a pipe and no keyboard.</param>
internal sealed record Terminal(IAnsiConsole Console, TextReader In, TextWriter Error, bool InputIsPiped)
{
    /// <summary>Opens standard input for bytes, in place of <see cref="In"/>.</summary>
    public Func<Stream> OpenInput { get; init; } = System.Console.OpenStandardInput;

    private const int WidthOfFiles = 160;

    /// <summary>Standard output as it is, for texts that must be neither wrapped nor styled.</summary>
    public TextWriter Out => Console.Profile.Out.Writer;

    /// <summary>Whether a person watches and lines can be rewritten.</summary>
    public bool IsLive => Console.Profile.Capabilities is { Ansi: true, Interactive: true };

    /// <summary>The terminal of this process.</summary>
    public static Terminal OfProcess()
    {
        IAnsiConsole console = AnsiConsole.Console;
        if (System.Console.IsOutputRedirected) console.Profile.Width = WidthOfFiles;
        return new Terminal(console, System.Console.In, System.Console.Error, System.Console.IsInputRedirected);
    }

    /// <summary>Says on standard error what a person should know about a text; nothing where there is nothing to say.</summary>
    public void Warn(string text, string? sentence)
    {
        if (sentence is not null) Error.WriteLine($"rnn: warning: {text}: {sentence}");
    }

    /// <summary>Does something that takes a while, under a spinner where a person watches.</summary>
    public T While<T>(string what, Func<T> work) => IsLive ? Console.Status().Start(Markup.Escape(what), _ => work()) : work();
}
