using System.CommandLine;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Engine.Models;
using RnnService.Engine.Networks;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn classify</c>: one label a text, or all that fit.</summary>
internal sealed class ClassifyVerb : Verb
{
    private readonly CancellationToken _stop;
    private readonly Argument<string> _model = ModelArgument.Create();
    private readonly Argument<string[]> _texts = TextArguments.Create();

    private readonly Option<bool> _json = new("--json")
    {
        Description = "One JSON object a text: the text and the probability of every label, best first.",
    };

    public ClassifyVerb(Terminal terminal, CancellationToken stop)
        : base(
            terminal, "classify", "Gives each text a label with a classifier.",
            "One line a text: the likeliest label, its probability, the text; of a model that gives a text several labels all that reach their thresholds. \"-\" stands for a text that none fits. Of a model that reads sound, WAV files in place of texts.",
            "rnn classify sentiment \"A lovely film.\" \"Two hours I want back.\"",
            "rnn classify sentiment --json < reviews.txt",
            "rnn classify digits seven.wav")
    {
        _stop = stop;
        Add(_model);
        Add(_texts);
        Add(_json);
    }

    protected override int Run(ParseResult parsed)
    {
        string name = parsed.GetValue(_model)!;
        bool json = parsed.GetValue(_json);
        Model loaded = ModelArgument.Load(Terminal, name).Model;
        if (loaded is NumberModel { Numbers.Audio: not null } and (NumberClassifier or Transcriber)) return RunOnFiles(new SoundInput(name, (NumberModel)loaded), (NumberModel)loaded, parsed.GetValue(_texts) ?? [], json);
        Classifier model = ModelArgument.As<Classifier>(name, loaded);
        int width = model.Config.Labels.Max(label => label.Length);
        int number = 0;
        return ForEach(TextArguments.Read(Terminal, parsed.GetValue(_texts), _stop), text =>
        {
            Terminal.Warn($"text {++number}", model.Warning(text, model.Encode(text)));
            string line = text.ReplaceLineEndings(" ");
            if (json)
                Terminal.Out.WriteJson(new { Text = text, Labels = model.Classify(text).Select(label => new { label.Label, label.Score }) });
            else if (model.LabelsOf(text) is not { Count: > 0 } fitting)
                Terminal.Out.WriteLine($"{"-".PadRight(width)}  {"".PadLeft(Figures.Percent(1).Length)}  {line}");
            else if (model.Config.MultiLabel is true)
                Terminal.Out.WriteLine($"{string.Join(", ", fitting.Select(label => $"{label.Label} {Figures.Percent(label.Score)}"))}  {line}");
            else
                Write(fitting[0].Label, fitting[0].Score, width, line);
        });
    }

    /// <summary>Sounds are files; of a transcriber the one symbol that each says.</summary>
    private int RunOnFiles(SoundInput sound, NumberModel model, string[] files, bool json)
    {
        if (files.Length == 0) throw new CommandException("no file is given; expected WAV files, since this model reads sound");
        int width = model.Config.Labels.Max(label => label.Length);
        foreach (string file in files)
        {
            _stop.ThrowIfCancellationRequested();
            NumberSequence steps = sound.OfFile(file);
            IReadOnlyList<LabelScore> labels = model is NumberClassifier classifier ? classifier.Classify(steps) : ((Transcriber)model).Classify(steps);
            if (json) Terminal.Out.WriteJson(new { File = file, Labels = labels.Select(label => new { label.Label, label.Score }) });
            else Write(labels[0].Label, labels[0].Score, width, file);
        }

        return ExitCode.Done;
    }

    private void Write(string label, float score, int width, string what) =>
        Terminal.Out.WriteLine($"{label.PadRight(width)}  {Figures.Percent(score).PadLeft(Figures.Percent(1).Length)}  {what}");
}
