using System.CommandLine;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn transcribe</c>: writes down what is heard.</summary>
internal sealed class TranscribeVerb : Verb
{
    private readonly CancellationToken _stop;
    private readonly Argument<string> _model = ModelArgument.Create();

    private readonly Argument<string[]> _files = new("FILE")
    {
        Description = $"WAV files; {SoundInput.Standard} is standard input, raw PCM of signed 16 bits (little endian, one channel) that is written down while it comes.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly NumberOption<int> _rate = new("--rate", "-r") { Description = "Samples a second of standard input [default: the model's own].", HelpName = "HZ" };

    private readonly NumberOption<int> _beams = new("--beams")
    {
        Description = "Strings followed side by side, of files; 1 takes the likeliest symbol of every step [default: 1].",
        Bounds = TranslationArguments.BeamBounds,
    };

    private readonly Option<bool> _json = new("--json")
    {
        Description = "One JSON object a file: its text, and each symbol with its time and probability; of standard input one a symbol.",
    };

    public TranscribeVerb(Terminal terminal, CancellationToken stop)
        : base(
            terminal, "transcribe", "Writes down what is heard, with a transcriber.",
            "One line a file: its text, and its name where there are several. WAV files are PCM or floats that are not compressed, of any rate; channels are mixed.",
            "rnn transcribe digits spoken.wav",
            "arecord -q -t raw -f S16_LE -c 1 -r 8000 | rnn transcribe digits -",
            "rnn transcribe digits --json one.wav two.wav")
    {
        _stop = stop;
        Add(_model);
        Add(_files);
        Add(_rate);
        Add(_beams);
        Add(_json);
    }

    protected override int Run(ParseResult parsed)
    {
        string name = parsed.GetValue(_model)!;
        var model = ModelArgument.Load<Transcriber>(Terminal, name);
        var sound = new SoundInput(name, model);
        string[] files = parsed.GetValue(_files)!;
        int beams = parsed.GetValue(_beams) ?? 1;
        bool json = parsed.GetValue(_json);
        foreach (string file in files)
        {
            _stop.ThrowIfCancellationRequested();
            if (file == SoundInput.Standard) Listen(model, sound, parsed.GetValue(_rate), json);
            else Write(file, model.Transcribe(sound.OfFile(file), beams), sound, json, files.Length > 1);
        }

        return ExitCode.Done;
    }

    private void Write(string file, Transcript heard, SoundInput sound, bool json, bool named)
    {
        if (json) Terminal.Out.WriteJson(new { File = file, heard.Text, Symbols = heard.Symbols.Select(symbol => Heard(symbol, sound)) });
        else Terminal.Out.WriteLine(named ? $"{heard.Text}\t{file}" : heard.Text);
    }

    /// <summary>Writes while it is spoken; a model that reads from the end too has to hear it all first.</summary>
    private void Listen(Transcriber model, SoundInput sound, int? rate, bool json)
    {
        if (!Terminal.InputIsPiped) throw new CommandException("standard input is a keyboard; expected sound, as in arecord -t raw -f S16_LE -c 1 -r 8000 | rnn transcribe MODEL -");
        if (!model.IsCausal)
        {
            float[] all = [.. sound.OfInput(Terminal, rate, _stop).SelectMany(steps => steps.Values.ToArray())];
            if (all.Length == 0) throw new CommandException("standard input holds no sound; expected some");
            Write(SoundInput.Standard, model.Transcribe(new NumberSequence(all, model.Numbers.Features)), sound, json, named: false);
            return;
        }

        TranscriptStream heard = model.NewStream();
        RecurrentState state = model.NewState(1);
        foreach (NumberSequence steps in sound.OfInput(Terminal, rate, _stop))
        {
            if (steps.Steps == 0) continue;
            int written = heard.Text.Length;
            foreach (HeardSymbol symbol in heard.Push(model.Logits([steps], state)[0]))
            {
                if (json) Terminal.Out.WriteJson(Heard(symbol, sound));
            }

            if (!json) Terminal.Out.Write(heard.Text[written..]);
            Terminal.Out.Flush();
        }

        if (!json) Terminal.Out.WriteLine();
    }

    private static object Heard(HeardSymbol symbol, SoundInput sound) =>
        new { Symbol = symbol.Text, Seconds = Math.Round(sound.SecondsAt(symbol.Step), 3), Score = MathF.Exp(symbol.LogProbability) };
}
