using RnnService.Tests;
using RnnService.Training.Corpora;
using Xunit;

namespace RnnService.Training.Tests.Numbers;

/// <summary>How recordings become a corpus, and what is refused.</summary>
public sealed class SoundFolderTests : IDisposable
{
    private const string Names = @"(?<label>\d)_(?<speaker>[a-z]+)_(?<index>\d+)";

    private readonly ScratchFolder _folder = new();

    public SoundFolderTests()
    {
        foreach (string name in (string[])["1_ann_0", "2_ann_1", "2_bob_12", "ten_bob_3"]) _folder.Write($"{name}.wav", WavBytes.Of([100, -100, 16384], 8000));
        _folder.Write("LICENCE.txt", "free");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Names_of_files_say_what_is_heard()
    {
        NumberCorpus usual = Read(source => source);
        Assert.Equal(["1", "2", "2", "ten"], usual.Examples.Select(example => Assert.Single(example.Labels)));
        Assert.Equal([100 / 32768f, -100 / 32768f, 0.5f], usual.Examples[0].Sound!.Samples);
        Assert.Equal((8000, 0), (usual.Examples[0].Sound!.SampleRate, usual.Examples[0].Sequence.Steps));
        Assert.Equal(_folder["1_ann_0.wav"], usual.Examples[0].Name);

        Assert.Equal(["1", "2", "2"], Labels(source => source with { NamePattern = Names }));
        Assert.Equal(["one", "2", "2"], Labels(source => source with { NamePattern = Names, LabelNames = new Dictionary<string, string> { ["1"] = "one" } }));
    }

    /// <summary>A group must be matched as a whole: index 1 is not index 12.</summary>
    [Theory]
    [InlineData("speaker", "ann", "1 2")]
    [InlineData("speaker", "(?!ann$).*", "2")]
    [InlineData("index", "[0-5]", "1 2")]
    [InlineData("index", "1", "2")]
    public void Groups_choose_among_the_files(string group, string pattern, string labels) => Assert.Equal(
        labels.Split(' '),
        Labels(source => source with { NamePattern = Names, Where = new Dictionary<string, string> { [group] = pattern } }));

    [Fact]
    public void A_list_says_what_is_heard_in_files_beside_it()
    {
        string list = _folder.Write("strings.tsv", "1_ann_0.wav\t1 2  1\n\nten_bob_3.wav\t\n");
        NumberCorpus corpus = Corpus.ReadNumbers(new CorpusSource { Path = list, Format = CorpusFormat.Wav });
        Assert.Equal(["1", "2", "1"], corpus.Examples[0].Labels);
        Assert.Empty(corpus.Examples[1].Labels);
        _folder.Write("strings.tsv", "1_ann_0.wav\t1\nten_bob_3.wav 2\n");
        Assert.Equal(
            $"{list}, line 2: has no tab; expected path TAB text",
            Assert.Throws<InvalidDataException>(() => Corpus.ReadNumbers(new CorpusSource { Path = list, Format = CorpusFormat.Wav })).Message);
    }

    [Theory]
    [InlineData(@"(?<digit>\d)_.*", null, "name_pattern has no group called label; expected (?<label>…) in it")]
    [InlineData(Names, "take", "where names take, which is no group of name_pattern; expected one of label, speaker, index")]
    [InlineData("(?<label>", null, "(?<label> is no regular expression: ")]
    [InlineData(@"(?<label>\d{9})", null, "holds no sequence; expected at least one")]
    public void Wrong_patterns_are_refused_in_a_sentence(string pattern, string? group, string message)
    {
        Exception? error = Record.Exception(() => Read(source => source with
        {
            NamePattern = pattern,
            Where = group is null ? null : new Dictionary<string, string> { [group] = ".*" },
        }));
        Assert.Contains(message, error!.Message, StringComparison.Ordinal);
        Assert.True(error is InvalidDataException or ArgumentException, $"{error}");
    }

    [Fact]
    public void A_file_that_is_no_sound_is_refused_by_name()
    {
        _folder.Write("3_ann_0.wav", "no sound");
        Assert.StartsWith("3_ann_0.wav: header is not that of a WAV file", Assert.Throws<InvalidDataException>(() => Read(source => source)).Message, StringComparison.Ordinal);
    }

    private NumberCorpus Read(Func<CorpusSource, CorpusSource> change) => Corpus.ReadNumbers(change(new CorpusSource { Path = _folder[""], Format = CorpusFormat.Wav }));

    private IEnumerable<string> Labels(Func<CorpusSource, CorpusSource> change) => Read(change).Examples.Select(example => example.Labels[0]);
}
