using RnnService.Audio.Music;
using RnnService.Cli.Arguments;
using RnnService.Engine.Weights;

namespace RnnService.Cli.Output;

/// <summary>A tune that was written, as a MIDI file.</summary>
internal static class MidiOutput
{
    /// <summary>Writes the tune that a text sent goes on with: from its last <c>X:</c>, up to an empty line.</summary>
    /// <exception cref="CommandException">There is none.</exception>
    public static void Write(string file, string prompt, string text)
    {
        string tune = (prompt + text)[(prompt.LastIndexOf("\nX:", StringComparison.Ordinal) + 1)..].TrimStart();
        AbcTune read;
        try
        {
            read = AbcTune.Parse(tune.Split("\n\n")[0]);
        }
        catch (FormatException error)
        {
            throw new CommandException($"--midi: the text is no tune in ABC notation: {error.Message}");
        }

        WholeFile.Write(file, stream => MidiTune.Write(read, stream));
    }
}
