using RnnService.AspNetCore.Tests;
using RnnService.Audio;
using RnnService.Cli.Shell;
using RnnService.Engine.Models;
using Spectre.Console;

namespace RnnService.Cli.Tests.Verbs;

/// <summary>Sound by file and by pipe: both say what the library says of the whole.</summary>
public sealed class TranscribeTests : IDisposable
{
    private static readonly short[] Sound = [.. Enumerable.Range(0, 4000).Select(i => (short)(8000 * Math.Sin(0.00005 * i * i)))];

    private readonly TinyNumberModels _models = new();
    private readonly string _wav;
    private readonly string _expected;

    public TranscribeTests()
    {
        _wav = Path.Combine(_models.Path, "spoken.wav");
        File.WriteAllBytes(_wav, WavBytes.Of(Sound, 8000));

        using var model = (Transcriber)_models.Load("digits");
        _expected = model.Transcribe(new AudioFeatures(TinyNumberModels.Audio).Of(WavFile.Read(_wav))).Text;
    }

    private string Digits => Path.Combine(_models.Path, "digits");

    public void Dispose() => _models.Dispose();

    [Fact]
    public void A_file_a_pipe_and_a_piped_file_give_one_text()
    {
        Assert.Equal(_expected, CommandRun.Of("transcribe", Digits, _wav).Succeeded().Lines[0]);
        Assert.Equal(_expected, CommandRun.Of("transcribe", Digits, "--json", _wav).Succeeded().Json().GetProperty("text").GetString());
        Assert.Equal(_expected, Piped([.. Sound.SelectMany(BitConverter.GetBytes)]).TrimEnd('\n'));
        Assert.Equal(_expected, Piped(File.ReadAllBytes(_wav)).TrimEnd('\n'));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("101")]
    public void Strings_to_measure_by_are_of_so_many_recordings(string join)
    {
        // The model is not looked for.
        CommandRun.Of("evaluate", Path.Combine(_models.Path, "none"), "--corpus", _models.Path, "--join", join).FailedWith(ExitCode.Misused, $"--join is {join}; expected 1 to 100.");
        CommandRun.Of("evaluate", Path.Combine(_models.Path, "none"), "--corpus", _models.Path, "--beams", join).FailedWith(ExitCode.Misused, $"--beams is {join}; expected 1 to 100.");
    }

    [Fact]
    public void A_transcriber_tells_which_one_symbol_it_is()
    {
        using var model = (Transcriber)_models.Load("digits");
        LabelScore best = model.Classify(new AudioFeatures(TinyNumberModels.Audio).Of(WavFile.Read(_wav)))[0];
        Assert.StartsWith(best.Label, CommandRun.Of("classify", Digits, _wav).Succeeded().Lines[0], StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_wrong_is_a_sentence()
    {
        CommandRun.Of("transcribe", Digits, Path.Combine(Digits, "config.json")).FailedWith(1, "config.json: header is not that of a WAV file");
        CommandRun.Of("transcribe", Digits, "nowhere.wav").FailedWith(1, "nowhere.wav");
        CommandRun.Of("transcribe", Path.Combine(_models.Path, "gestures"), _wav).FailedWith(1, "is a number classifier; expected a transcriber");
        CommandRun.Of("transcribe", Digits, "-").FailedWith(1, "standard input is a keyboard");
        CommandRun.Of("transcribe", Digits, "--beams", "0", _wav).FailedWith(ExitCode.Misused, "--beams is 0; expected 1 to 100.");
    }

    private string Piped(byte[] bytes)
    {
        using StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No });
        var terminal = new Terminal(console, TextReader.Null, error, InputIsPiped: true) { OpenInput = () => new MemoryStream(bytes) };
        Assert.Equal(0, RnnCommand.Run(["transcribe", Digits, "-"], terminal));
        return output.ToString();
    }
}
