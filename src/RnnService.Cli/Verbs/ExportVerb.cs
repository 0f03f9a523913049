using System.CommandLine;
using RnnService.Cli.Arguments;
using RnnService.Cli.Output;
using RnnService.Cli.Shell;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Onnx.Comparison;
using RnnService.Onnx.Export;
using static System.FormattableString;

namespace RnnService.Cli.Verbs;

/// <summary><c>rnn export</c>: a model as a file for another runtime.</summary>
internal sealed class ExportVerb : Verb
{
    private const string Onnx = "onnx", Tokenizer = "tokenizer";

    private readonly Argument<string> _model = ModelArgument.Create();

    private readonly Option<string> _format = new("--format")
    {
        Description = "onnx: the model. tokenizer: the folder FILE with the files by which Hugging Face's tokenizers read the subwords of the model.",
        DefaultValueFactory = _ => Onnx,
    };

    private readonly Option<string> _out = new("--out", "-o")
    {
        Description = "The file to write, of a translator a folder [default: the model's name with .onnx, or -onnx, in this folder].",
        HelpName = "FILE",
    };

    private readonly NumberOption<int> _opset = new("--opset")
    {
        Description = $"Version of the ONNX operators, {OnnxExport.OldestOpset} to {OnnxExport.NewestOpset} [default: {OnnxExport.DefaultOpset}].",
    };

    private readonly Option<bool> _force = new("--force") { Description = "Replace the file if it is there." };

    private readonly Option<bool> _json = new("--json") { Description = "What was written as one JSON object." };

    public ExportVerb(Terminal terminal)
        : base(
            terminal, "export", "Writes a model as an ONNX file.",
            "Before it is written, the file's answers are compared in ONNX Runtime with the model's own, on the golden input and on random\n"
            + $"texts; a difference above {Agreement.Tolerance:0e+0} is an error. Weights of 8 or 16 bits become 32-bit floats; for 8\n"
            + "bits the answers are those of the same weights in floats. Vocabulary, labels, tokenizer and licence are in its metadata.\n"
            + "A translator becomes two files in a folder, encoder.onnx and decoder.onnx, one step of it.",
            "rnn export shakespeare --out shakespeare.onnx",
            "rnn export pos --opset 14 --out pos.onnx",
            "rnn export my-translator --format tokenizer --out my-tokenizer")
    {
        _format.AcceptOnlyFromAmong(Onnx, Tokenizer);
        Add(_model);
        foreach (Option option in (Option[])[_out, _format, _opset, _force, _json]) Add(option);
    }

    protected override int Run(ParseResult parsed)
    {
        LoadedModel loaded = ModelArgument.Load(Terminal, parsed.GetValue(_model)!);
        if (parsed.GetValue(_format) == Tokenizer) return WriteTokenizer(loaded, parsed.GetValue(_out) ?? $"{loaded.Name}-tokenizer", parsed.GetValue(_force));
        bool isWhole = OnnxExport.PartsOf(loaded.Model) is [GraphPart.Whole];
        string file = parsed.GetValue(_out) ?? (isWhole ? $"{loaded.Name}.onnx" : $"{loaded.Name}-onnx");
        if (!parsed.GetValue(_force))
        {
            foreach (string path in OnnxExport.PathsOf(file, loaded.Model).Where(File.Exists))
                throw new CommandException($"{path} exists; expected a new file: another --out, or --force to replace it");
        }

        int? opset = parsed.GetValue(_opset);
        ExportedModel exported = Terminal.While("exporting and comparing", () => OnnxExport.Write(file, loaded, opset));
        if (parsed.GetValue(_json))
        {
            Terminal.Out.WriteJson(
                new { File = file, Bytes = exported.Files.Sum(one => one.Content.Length), exported.Opset, exported.Difference, exported.Rounding });
        }
        else
        {
            Terminal.Out.WriteLine($"{file}: {Descriptions.Of(loaded.Model)}");
            string agreement = exported.Rounding == 0
                ? Invariant($"{exported.Difference:0.0e+0} of the model's own")
                : Invariant($"{exported.Difference:0.0e+0} of the same weights' in floats, ")
                    + Invariant($"{exported.Rounding:0.0e+0} of the model's own, which rounds to 7 bits on the way");
            Terminal.Out.WriteLine($"{Figures.Count(exported.Files.Sum(one => one.Content.Length))} bytes, opset {exported.Opset}, answers within {agreement}");
        }

        return ExitCode.Done;
    }

    private int WriteTokenizer(LoadedModel loaded, string folder, bool force)
    {
        if ((loaded.Model as TextModel)?.Tokenizer is not SubwordTokenizer tokenizer)
            throw new CommandException($"{loaded.Name} reads no subwords; expected a model that does, whose tokenizer others can read");
        if (Directory.Exists(folder) && !force) throw new CommandException($"{folder} exists; expected a new folder: another --out, or --force to replace its files");
        Directory.CreateDirectory(folder);
        foreach ((string name, byte[] content) in SubwordFiles.Of(tokenizer))
        {
            File.WriteAllBytes(Path.Combine(folder, name), content);
            Terminal.Out.WriteLine(Path.Combine(folder, name));
        }

        return ExitCode.Done;
    }
}
