using NAudio.Midi;
using RnnService.Cli.Shell;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;

namespace RnnService.Cli.Tests.Verbs;

public sealed class MidiTests : IDisposable
{
    private const string Header = "X:1\nM:2/4\nL:1/8\nK:G\n";

    private readonly ScratchFolder _folder = new();

    public MidiTests()
    {
        ModelConfig config = new()
        {
            Task = ModelTask.LanguageModel,
            Cell = CellKind.Gru,
            Tokenizer = Tokenization.Characters,
            EmbeddingSize = 4,
            HiddenSize = 4,
        };
        ModelVocabulary vocabulary = new(new Vocabulary([.. Header.Append('|').Append('F').Append('A').Append('4').Append(']').Append('(').Append('3').Append('2').Distinct().Select(one => $"{one}")]));
        ModelFolder.Save(_folder["tunes"], TextModel.Create(config, vocabulary, Parameters.Random(1)), Header);
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Header)]
    [InlineData("X:1\nM:2/4\nK:G\nG\n\nX:2\nM:2/4\nL:1/8\nK:G\n")] // the last tune of the text that was sent
    public void A_tune_that_was_written_is_kept_as_midi(string prompt)
    {
        string file = _folder["jig.mid"];
        string text = CommandRun.Of("generate", _folder["tunes"], prompt, "--choices", "F4|A4|]", "--midi", file).Succeeded().Out;
        Assert.Equal(prompt + "F4|A4|]\n", text);
        Assert.Equal([66, 69], new MidiFile(file).Events[0].OfType<NoteOnEvent>().Where(note => note.Velocity > 0).Select(note => note.NoteNumber));
    }

    [Theory]
    [InlineData("", "--midi: the text is no tune in ABC notation: line 1, character 1 stands before the key (K:)")]
    [InlineData(Header + "F(3", "--midi: the text is no tune in ABC notation: line 5, character 6 is a bar inside a group or broken pair; expected its notes")]
    public void A_text_that_is_no_tune_is_not_written_and_told_why(string prompt, string why)
    {
        string file = _folder["none.mid"];
        CommandRun.Of("generate", _folder["tunes"], prompt, "--choices", "F4|A4|]", "--midi", file).FailedWith(ExitCode.Failed, why);
        Assert.False(File.Exists(file));
    }
}
