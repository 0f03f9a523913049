using System.Text;
using System.Text.RegularExpressions;
using RnnService.Engine.Weights;
using RnnService.Onnx.Import;
using RnnService.Onnx.Import.Files;
using Xunit;

namespace RnnService.Onnx.Tests.Import.Weights;

/// <summary>
/// A thousand damaged copies of every file: each is imported or refused by a message, and takes memory in proportion to the files alone.
/// </summary>
public sealed partial class MutationTests
{
    private const int Copies = 1000;

    private static readonly string[] Numbers =
    [
        "0", "1", "-1", "2", "31", "33", "65", "4096", "1000000000", "2147483647", "2147483648", "9223372036854775807",
        "18446744073709551616", "1e9", "1.5",
    ];

    public static TheoryData<string> Names => [.. ImportCase.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_damaged_state_dict_is_imported_or_refused(string name)
    {
        using var files = new ImportCase(name);
        byte[] whole = File.ReadAllBytes(files.Weights);
        int imported = Check(
            files, 1, (ref RandomSource random) => File.WriteAllBytes(files.Weights, DamagedWeights(whole, ref random)), whole.Length);
        // Damaged values alone are no damage to the file.
        Assert.InRange(imported, 1, Copies / 2);
    }

    [Fact]
    public void A_damaged_configuration_is_read_or_refused() => CheckText("""
        {"task": "text-classification", "cell": "gru", "vocab_size": 120, "embedding_size": 16, "hidden_size": 32, "num_layers": 1,
         "bidirectional": true, "pooling": "last", "id2label": {"0": "a", "1": "b", "2": "c"}, "label2id": {"a": 0, "b": 1, "c": 2},
         "generation": {"temperature": 0.5, "stop": ["x"]}, "metrics": {"f1": 0.5}, "description": "\u00e9\ud83d\ude00"}
        """, (files, path) => files.Config = path, "c.json");

    [Fact]
    public void A_damaged_vocabulary_is_read_or_refused()
    {
        IEnumerable<string> tokens = Enumerable.Range(0, 120).Select(id => id == 1 ? "<unk>" : $"w{id}");
        CheckText($"[{string.Join(", ", tokens.Select(token => $"\"{token}\""))}]", (files, path) => files.Vocabulary = path, "v.json");
        CheckText($"{{{string.Join(", ", tokens.Select((token, id) => $"\"{token}\": {id}"))}}}", (files, path) => files.Vocabulary = path, "v.json");
        CheckText(string.Join('\n', tokens), (files, path) => files.Vocabulary = path, "v.txt");
    }

    [Fact]
    public void A_damaged_map_is_read_or_refused() => CheckText(
        """{"rnn.weight_ih_l0": "rnn.weight_ih_l0", "rnn.*": "rnn.*", "head.*": "head.*", "embedding.*": "embedding.*"}""",
        (files, path) => files.Map = path, "map.json");

    private static void CheckText(string text, Action<ImportCase, string> use, string name)
    {
        using var files = new ImportCase("classifier-gru");
        use(files, files.Write(name, text));
        files.Import();
        byte[] whole = Encoding.UTF8.GetBytes(text);
        int imported = Check(files, 2, (ref RandomSource random) => File.WriteAllBytes(files[name], Damaged(whole, 0, whole.Length, ref random)));
        Assert.InRange(imported, 0, Copies - 1);
    }

    private delegate void Damage(ref RandomSource random);

    private static int Check(ImportCase files, ulong seed, Damage damage, long size = 1 << 16)
    {
        var random = new RandomSource(seed);
        int imported = 0;
        for (int copy = 0; copy < Copies; copy++)
        {
            damage(ref random);
            try
            {
                Measured(copy, size, files.Import);
                imported++;
                // Writing takes its time: some of them.
                if (copy % 20 == 0) files.ImportAndWrite(replace: true);
            }
            catch (Exception error) when (error is ImportException or WeightFormatException)
            {
                Assert.DoesNotContain("Parameter '", error.Message, StringComparison.Ordinal);
            }
        }

        Assert.DoesNotContain(Directory.GetDirectories(files.Root), folder => Path.GetFileName(folder)[0] == '.');
        return imported;
    }

    private static void Measured(int copy, long size, Func<ImportedModel> import)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            import();
        }
        finally
        {
            long taken = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(taken < 8 * size + (1 << 20), $"copy {copy} took {taken} bytes");
        }
    }

    private static byte[] DamagedWeights(byte[] whole, ref RandomSource random)
    {
        const int prefix = sizeof(ulong);
        int header = (int)BitConverter.ToUInt64(whole);
        switch (random.Below(8))
        {
            case 0: // the length of the header
                byte[] copy = [.. whole];
                if (random.Below(2) == 0) BitConverter.TryWriteBytes(copy, random.Next() >> random.Below(64));
                else BitConverter.TryWriteBytes(copy, (ulong)(header + random.Below(17) - 8));
                return copy;
            case 1: // values
                return Damaged(whole, prefix + header, whole.Length, ref random);
            case 2: // a number of the header
            case 3:
            case 4:
                string text = Encoding.UTF8.GetString(whole, prefix, header);
                MatchCollection numbers = Number().Matches(text);
                Match number = numbers[random.Below(numbers.Count)];
                string other = Numbers[random.Below(Numbers.Length)];
                byte[] changed = Encoding.UTF8.GetBytes(text[..number.Index] + other + text[(number.Index + number.Length)..]);
                return [.. BitConverter.GetBytes((ulong)changed.Length), .. changed, .. whole[(prefix + header)..]];
            default:
                return Damaged(whole, prefix, prefix + header, ref random);
        }
    }

    // Bytes between the two places changed, doubled or left out, or the whole cut off or made longer.
    private static byte[] Damaged(byte[] whole, int begin, int end, ref RandomSource random)
    {
        List<byte> bytes = [.. whole];
        int at = begin + random.Below(end - begin), count = 1 + random.Below(Math.Min(8, end - at));
        switch (random.Below(6))
        {
            case 0: return whole[..random.Below(whole.Length)];
            case 1: return [.. whole, .. whole[at..(at + count)]];
            case 2: bytes.RemoveRange(at, count); break;
            case 3: bytes.InsertRange(at, whole[at..(at + count)]); break;
            case 4: bytes[at] ^= (byte)(1 << random.Below(8)); break;
            default:
                for (int i = 0; i < count; i++) bytes[at + i] = (byte)random.Below(256);
                break;
        }

        return [.. bytes];
    }

    [GeneratedRegex("(?<=[\\[,])[0-9]+(?=[\\],])")]
    private static partial Regex Number();
}
