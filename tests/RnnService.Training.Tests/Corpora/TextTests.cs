using CsCheck;
using RnnService.Training.Corpora;
using Xunit;

namespace RnnService.Training.Tests.Corpora;

public sealed class TextTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static string Read(string path) => Corpus.ReadText(new CorpusSource { Path = path, Format = "text" });

    private static string Refusal(string path)
    {
        Exception error = Assert.ThrowsAny<Exception>(() => Read(path));
        Assert.True(error is InvalidDataException or CorpusException, $"{error}");
        return error.Message;
    }

    [Fact]
    public void Text_comes_back_as_it_was_written()
    {
        Gen.String[Gen.Char['\t', '\u2fff'].Where(c => c != '\r'), 1, 40].Sample(
            text => Read(_folder.Write("a.txt", text)) == text,
            iter: 200,
            threads: 1);
    }

    [Fact]
    public void Windows_line_ends_become_LF_and_other_CRs_stay() =>
        Assert.Equal("a\nb\rc\n", Read(_folder.Write("a.txt", "a\r\nb\rc\r\n")));

    [Fact]
    public void Byte_order_marks_are_no_letters() =>
        Assert.Equal("a", Read(_folder.Write("a.txt", [0xEF, 0xBB, 0xBF, 0xEF, 0xBB, 0xBF, (byte)'a'])));

    [Fact]
    public void A_packed_file_reads_like_a_plain_one() =>
        Assert.Equal("twinkle ☆\n", Read(_folder.WritePacked("a.txt.gz", "twinkle ☆\n")));

    [Fact]
    public void A_byte_that_is_not_UTF8_is_named_with_its_place()
    {
        string path = _folder.Write("latin1.txt", [(byte)'a', (byte)'\n', 0xC3, 0xA9, (byte)'\n', (byte)'b', 0xE9, (byte)'c']);
        Assert.Equal($"{path}, line 3: byte 0xE9 at offset 6 is not UTF-8; expected UTF-8 text, as the 1 characters beyond ASCII before it are", Refusal(path));
    }

    [Fact]
    public void A_character_cut_off_by_the_files_end_is_not_UTF8()
    {
        string path = _folder.Write("cut.txt", [0xEF, 0xBB, 0xBF, (byte)'a', 0xE2, 0x98]);
        Assert.StartsWith($"{path}, line 1: byte 0xE2 at offset 4 is not UTF-8; expected UTF-8 text", Refusal(path));
    }

    [Fact]
    public void A_file_without_text_is_refused()
    {
        string empty = _folder.Write("empty.txt", "");
        string mark = _folder.Write("mark.txt", [0xEF, 0xBB, 0xBF]);
        Assert.Equal($"{empty} holds no text; expected at least one", Refusal(empty));
        Assert.Equal($"{mark} holds no text; expected at least one", Refusal(mark));
    }

    [Fact]
    public void A_file_that_is_not_there_is_named() =>
        Assert.Contains(_folder["gone.txt"], Assert.Throws<FileNotFoundException>(() => Read(_folder["gone.txt"])).Message);

    [Fact]
    public void A_file_that_is_only_called_packed_is_refused()
    {
        string path = _folder.Write("a.gz", "plain");
        Assert.StartsWith($"{path} is not a whole gzip file: ", Refusal(path));
    }

    [Fact]
    public void A_packed_file_cut_short_is_refused()
    {
        string line = string.Concat(Enumerable.Range(0, 5000).Select(i => $"{i * 7919 % 10007} "));
        byte[] whole = File.ReadAllBytes(_folder.WritePacked("whole.gz", line));
        string path = _folder.Write("cut.gz", whole[..(whole.Length / 2)]);
        Assert.Matches(@"is not a whole gzip file: its end says \d+ bytes, but \d+ were unpacked$", Refusal(path));
        Assert.StartsWith(path, Refusal(path));
    }

    [Fact]
    public void Packed_files_one_after_the_other_are_one_text()
    {
        byte[] first = File.ReadAllBytes(_folder.WritePacked("1.gz", "one\n"));
        byte[] second = File.ReadAllBytes(_folder.WritePacked("2.gz", "two\n"));
        Assert.Equal("one\ntwo\n", Read(_folder.Write("both.gz", [.. first, .. second])));
    }
}
