using System.Buffers.Binary;
using System.Text;
using RnnService.Training.Corpora;
using Xunit;

namespace RnnService.Training.Tests.Numbers;

/// <summary>How sequences of numbers are read, and what is refused.</summary>
public sealed class NumberCorpusTests : IDisposable
{
    private readonly ScratchFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Lists_of_a_ts_file_are_features_and_lengths_may_differ()
    {
        NumberCorpus corpus = Read("a.ts", "# made up\n@problemName x\n@classLabel true 1 2\n@data\n1,2,3:4,5,6:one\n7:8:two\n", CorpusFormat.TimeSeries);
        Assert.Equal([1, 4, 2, 5, 3, 6], corpus.Examples[0].Sequence.Values.ToArray());
        Assert.Equal((1, 2, "two"), (corpus.Examples[1].Sequence.Steps, corpus.Examples[1].Sequence.Features, corpus.Examples[1].Labels[0]));
        Assert.Contains("line 1: a list has 1 numbers; expected 2", Refused("b.ts", "1,2:3:x\n", CorpusFormat.TimeSeries), StringComparison.Ordinal);
        Assert.Contains("line 1: a value is \"?\"; expected a finite number: fill what is missing", Refused("c.ts", "1,?:x\n", CorpusFormat.TimeSeries), StringComparison.Ordinal);
        Assert.Contains("a value is \"NaN\"; expected a finite number", Refused("d.ts", "1,NaN:x\n", CorpusFormat.TimeSeries), StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_is_one_sequence_or_those_that_a_column_names()
    {
        const string table = "time,run,x,y,label\n09:00,a,1,2,up\n09:01,a,3,4,up\n09:02,b,5,6,down\n";
        NumberExample whole = Assert.Single(Read("a.csv", table, CorpusFormat.Csv).Examples);
        Assert.Equal([1, 2, 3, 4, 5, 6], whole.Sequence.Values.ToArray());
        Assert.Equal(["up", "up", "down"], whole.Labels);

        NumberCorpus runs = Read("a.csv", table, CorpusFormat.Csv, source => source with { SequenceColumn = CorpusColumn.Parse("run"), Columns = [CorpusColumn.Parse("y")] });
        Assert.Equal(["y"], runs.Features);
        Assert.Equal([2, 4], runs.Examples[0].Sequence.Values.ToArray());
        Assert.Equal(["down"], runs.Examples[1].Labels);
        Assert.Equal([4], Read("a.csv", table, CorpusFormat.Csv, source => source with
        {
            Columns = [CorpusColumn.Parse("y")],
            Where = new Dictionary<string, string> { ["time"] = "09:01" },
        }).Examples[0].Sequence.Values.ToArray());

        // As R writes tables: the column of row numbers has no name.
        NumberExample r = Read("r.csv", "\"x\",\"y\",\"Occupancy\"\n\"1\",5,6,0\n\"2\",7,8,1\n", CorpusFormat.Csv).Examples[0];
        Assert.Equal([5, 6, 7, 8], r.Sequence.Values.ToArray());
        Assert.Equal(["0", "1"], r.Labels);
        Assert.Contains("line 1: columns is \"z\"; expected one of \"time\", \"run\", \"x\", \"y\", \"label\"",
            Refused("a.csv", table, CorpusFormat.Csv, source => source with { Columns = [CorpusColumn.Parse("z")] }), StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_of_numbers_are_found_as_those_of_texts_are()
    {
        const string table = "time,Run,x\n1,2,3\n4,5,6\n";
        Assert.Equal([3, 6], Read("a.csv", table, CorpusFormat.Csv, source => source with { Columns = [CorpusColumn.Parse("-1")] }).Examples[0].Sequence.Values.ToArray());
        Assert.Equal([2, 5], Read("a.csv", table, CorpusFormat.Csv, source => source with { Columns = [CorpusColumn.Parse("run")] }).Examples[0].Sequence.Values.ToArray());
        Assert.Contains("line 1: 3 columns, but columns is 3",
            Refused("a.csv", table, CorpusFormat.Csv, source => source with { Columns = [CorpusColumn.Parse("3")] }), StringComparison.Ordinal);
        // A column that is asked for by name says that there are names, even where they look like numbers.
        Assert.Equal([5], Read("b.csv", "x,2020\n5,7\n", CorpusFormat.Csv, source => source with { Columns = [CorpusColumn.Parse("x")] }).Examples[0].Sequence.Values.ToArray());
        Assert.Equal([5, 7], Read("b.csv", "x,2020\n5,7\n6,8\n", CorpusFormat.Csv, source => source with { Where = new Dictionary<string, string> { ["x"] = "5" } })
            .Examples[0].Sequence.Values.ToArray());
    }

    [Theory]
    [InlineData(1, "<f4")]
    [InlineData(2, "<i2")]
    [InlineData(3, "<f8")]
    public void An_array_of_numpy_is_one_sequence_or_several(int version, string type)
    {
        File.WriteAllBytes(_folder["a.npy"], Npy(version, type, "(2, 3, 2)", Enumerable.Range(0, 12)));
        NumberCorpus corpus = Corpus.ReadNumbers(Source("a.npy", CorpusFormat.NumPy));
        Assert.Equal([6, 7, 8, 9, 10, 11], corpus.Examples[1].Sequence.Values.ToArray());
        Assert.Equal((3, 2), (corpus.Examples[1].Sequence.Steps, corpus.Examples[1].Sequence.Features));
    }

    [Theory]
    [InlineData("<f4", "(2000000000, 2000000000)", "expected 4000000000000000000, by its shape")]
    [InlineData("<f4", "(2, 99999999999)", "shape holds 99999999999; expected whole numbers up to 2147483647")]
    [InlineData("<f4", "(0, 4)", "holds 12 values; expected 0, by its shape")]
    [InlineData(">f4", "(6, 2)", "descr is >f4; expected little-endian numbers")]
    [InlineData("|O", "(6, 2)", "descr is |O; expected little-endian numbers")]
    [InlineData("<f4", "(12,)", "has 1 dimensions; expected 2, [steps,features], or 3")]
    [InlineData("<f4", "(__import__('os').abort(), 2)", "header has no shape as expected of an array of numbers")]
    public void A_hostile_header_is_refused_in_a_sentence(string type, string shape, string message)
    {
        File.WriteAllBytes(_folder["a.npy"], Npy(1, type, shape, Enumerable.Range(0, 12)));
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => Corpus.ReadNumbers(Source("a.npy", CorpusFormat.NumPy))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_beginning_and_any_changed_byte_of_an_array_is_read_or_refused()
    {
        byte[] sound = Npy(1, "<f4", "(6, 2)", Enumerable.Range(0, 12));
        for (int i = 0; i < sound.Length; i++)
        {
            byte[] changed = [.. sound];
            changed[i] ^= 0x41;
            foreach (byte[] content in (byte[][])[sound[..i], changed])
            {
                File.WriteAllBytes(_folder["a.npy"], content);
                Exception? error = Record.Exception(() => Corpus.ReadNumbers(Source("a.npy", CorpusFormat.NumPy)));
                Assert.True(error is null or InvalidDataException, $"{i}: {error}");
            }
        }
    }

    private static byte[] Npy(int version, string type, string shape, IEnumerable<int> values)
    {
        byte[] header = Encoding.Latin1.GetBytes($"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}\n");
        byte[] length = new byte[version == 1 ? 2 : 4];
        if (version == 1) BinaryPrimitives.WriteUInt16LittleEndian(length, (ushort)header.Length);
        else BinaryPrimitives.WriteUInt32LittleEndian(length, (uint)header.Length);
        IEnumerable<byte> data = values.SelectMany(value => type switch
        {
            "<i2" => BitConverter.GetBytes((short)value),
            "<f8" => BitConverter.GetBytes((double)value),
            _ => BitConverter.GetBytes((float)value),
        });
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. length, .. header, .. data];
    }

    private CorpusSource Source(string name, string format) => new() { Path = _folder[name], Format = format };

    private NumberCorpus Read(string name, string content, string format, Func<CorpusSource, CorpusSource>? change = null)
    {
        File.WriteAllText(_folder[name], content);
        CorpusSource source = Source(name, format);
        return Corpus.ReadNumbers(change is null ? source : change(source));
    }

    private string Refused(string name, string content, string format, Func<CorpusSource, CorpusSource>? change = null) =>
        Assert.Throws<InvalidDataException>(() => Read(name, content, format, change)).Message;
}
