using System.Text;
using System.Text.Json.Nodes;
using RnnService.Engine.Layers;
using RnnService.Engine.Models;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Onnx.Export;

namespace RnnService.Benchmarks.Trials;

/// <summary>Small sound models, and copies of them that something is wrong with: what is decided by the copy's number alone.</summary>
internal sealed class DamagedFolders(string folder)
{
    private const string Sums = "SHA256SUMS", Config = "config.json", Weights = "model.safetensors", Graph = "model.onnx", Golden = "golden.json";

    private static readonly string[] JsonFiles = [Config, "vocab.json", Golden];

    /// <summary>What a whole number or a name is set to.</summary>
    private static readonly string[] Values =
        ["-1", "0", "2147483647", "9223372036854775808", "1e308", "1e-320", "0.5", "null", "true", "\"\"", "\"lstm\"", "[]", "{}", "[[[[1]]]]", "\"\\ud800\""];

    private static readonly Action<Damage>[] Kinds =
    [
        damage => damage.Change(damage.File(), bytes => bytes[damage.Random.Next(bytes.Length)] ^= (byte)(1 << damage.Random.Next(8))),
        damage => damage.Change(damage.File(), bytes => damage.Random.NextBytes(damage.Part(bytes))),
        damage => damage.Change(damage.File(), bytes => damage.Part(bytes).Clear()),
        damage => damage.Rewrite(damage.File(), bytes => bytes[..damage.Random.Next(bytes.Length)]),
        damage => damage.Rewrite(damage.File(), bytes => [.. bytes, .. bytes[..damage.Random.Next(bytes.Length)]]),
        damage => File.Delete(damage.File()),
        damage => damage.Swap(damage.File(), damage.File()),
        damage => File.Copy(damage.OfAnother(), damage.File(), overwrite: true),
        damage => damage.Field(damage.Json(), Values[damage.Random.Next(Values.Length)]),
        damage => damage.Field(damage.Json(), Values[damage.Random.Next(Values.Length)]),
        damage => File.WriteAllText(damage.Json(), damage.HostileJson()),
        damage => damage.Header(),
        damage => damage.Header(),
        damage => damage.NoFile(damage.File()),
        damage => File.WriteAllText(damage.Path(Sums), $"{new string('0', 64)}  ../../{Config}\n"),
    ];

    /// <summary>Writes the sound models.</summary>
    public void WriteSound()
    {
        Vocabulary letters = new([Vocabulary.Padding, Vocabulary.Unknown, .. Enumerable.Range('a', 26).Select(letter => $"{(char)letter}"), " "]);
        Write("sound-language", new ModelConfig { Task = ModelTask.LanguageModel, Cell = CellKind.Lstm, Tokenizer = Tokenization.Characters, EmbeddingSize = 4, HiddenSize = 8 }, "to be or not");
        Write("sound-classifier", new ModelConfig
        {
            Task = ModelTask.Classifier,
            Cell = CellKind.Gru,
            Tokenizer = Tokenization.Characters,
            EmbeddingSize = 4,
            HiddenSize = 8,
            Bidirectional = true,
            Labels = ["no", "yes"],
        }, "a lovely film");
        Write("sound-tagger", new ModelConfig
        {
            Task = ModelTask.Tagger,
            Cell = CellKind.Lstm,
            Tokenizer = Tokenization.Characters,
            EmbeddingSize = 4,
            HiddenSize = 8,
            Labels = ["one", "two", "three"],
        }, "we worked");
        LoadedModel classifier = ModelFolder.Load(System.IO.Path.Combine(folder, "sound-classifier"));
        string file = System.IO.Path.Combine(folder, Graph);
        OnnxExport.Write(file, classifier);
        ModelFolder.SaveOnnx(System.IO.Path.Combine(folder, "sound-graph"), classifier.Model, "a lovely film", file);
        File.Delete(file);

        void Write(string name, ModelConfig config, string golden) => ModelFolder.Save(
            System.IO.Path.Combine(folder, name), TextModel.Create(config, new ModelVocabulary(letters), Parameters.Random(1)), golden);
    }

    /// <summary>Copies one of the sound models and damages the copy.</summary>
    /// <returns>The name of what it is a copy of.</returns>
    public string WriteDamaged(string name, int seed)
    {
        string[] sound = [.. Directory.GetDirectories(folder, "sound-*").Order(StringComparer.Ordinal)];
        string source = sound[seed % sound.Length], target = Directory.CreateDirectory(System.IO.Path.Combine(folder, name)).FullName;
        foreach (string file in Directory.GetFiles(source)) File.Copy(file, System.IO.Path.Combine(target, System.IO.Path.GetFileName(file)));
        var damage = new Damage(target, sound[(seed + 1) % sound.Length], new Random(seed));
        // Without its sums a folder is read on behind the first file that is wrong.
        if (damage.Random.Next(3) > 0) File.Delete(damage.Path(Sums));
        Kinds[seed / sound.Length % Kinds.Length](damage);
        return System.IO.Path.GetFileName(source);
    }

    /// <summary>A copy that is being damaged.</summary>
    private sealed class Damage(string folder, string another, Random random)
    {
        public Random Random => random;

        public string Path(string name) => System.IO.Path.Combine(folder, name);

        /// <summary>One of the files.</summary>
        public string File() => One(Directory.GetFiles(folder));

        public string OfAnother() => One(Directory.GetFiles(another));

        public string Json() => One([.. JsonFiles.Select(Path)]);

        public Span<byte> Part(byte[] bytes)
        {
            int from = random.Next(bytes.Length);
            return bytes.AsSpan(from, random.Next(1, bytes.Length - from + 1));
        }

        public void Change(string file, Action<byte[]> change) => Rewrite(file, bytes =>
        {
            change(bytes);
            return bytes;
        });

        public void Rewrite(string file, Func<byte[], byte[]> change) => System.IO.File.WriteAllBytes(file, change(System.IO.File.ReadAllBytes(file)));

        public void Swap(string first, string second)
        {
            if (first == second) return;
            byte[] kept = System.IO.File.ReadAllBytes(first);
            System.IO.File.Copy(second, first, overwrite: true);
            System.IO.File.WriteAllBytes(second, kept);
        }

        /// <summary>Gives one value of a JSON file, however deep it stands, another.</summary>
        public void Field(string file, string value)
        {
            JsonNode root = JsonNode.Parse(System.IO.File.ReadAllText(file))!;
            JsonNode[] all = [.. Below(root).Skip(1)];
            JsonNode changed = all[random.Next(all.Length)];
            string marker = $"#{Guid.NewGuid()}";
            changed.ReplaceWith(marker);
            System.IO.File.WriteAllText(file, root.ToJsonString().Replace($"\"{marker}\"", value, StringComparison.Ordinal));
        }

        public string HostileJson() => random.Next(6) switch
        {
            0 => new string('[', 100_000),
            1 => $"{{{string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"\"{i}\":0"))}}}",
            2 => "\u0000\u0001",
            3 => "{\"tokens\": [" + string.Join(',', Enumerable.Repeat("\"a\"", 300_000)) + "]}",
            4 => "{\"task\": \"classifier\", \"task\": \"tagger\"}",
            _ => $"{{\"labels\": [\"{new string('x', 3_000_000)}\"]}}",
        };

        /// <summary>Changes what stands at the beginning of the weights: lengths, shapes, places, types.</summary>
        public void Header()
        {
            string weights = Path(Weights);
            if (!System.IO.File.Exists(weights))
            {
                Change(Path(Graph), bytes => random.NextBytes(bytes.AsSpan(random.Next(bytes.Length / 8), 4)));
                return;
            }

            Rewrite(weights, bytes =>
            {
                long length = BitConverter.ToInt64(bytes);
                if (random.Next(4) == 0) return [.. BitConverter.GetBytes(random.Next(2) == 0 ? long.MaxValue : random.NextInt64()), .. bytes[sizeof(long)..]];
                JsonNode header = JsonNode.Parse(bytes.AsSpan(sizeof(long), (int)length))!;
                JsonNode[] all = [.. Below(header).Skip(1)];
                JsonNode changed = all[random.Next(all.Length)];
                changed.ReplaceWith(random.Next(4) switch { 0 => long.MaxValue, 1 => -1L, 2 => random.Next(1_000), _ => (1L << 32) + 1 });
                byte[] written = Encoding.UTF8.GetBytes(header.ToJsonString());
                return [.. BitConverter.GetBytes((long)written.Length), .. written, .. bytes[(sizeof(long) + (int)length)..]];
            });
        }

        /// <summary>Puts something in a file's place that is none.</summary>
        public void NoFile(string file)
        {
            System.IO.File.Delete(file);
            int kind = random.Next(3);
            if (kind == 0) Directory.CreateDirectory(file);
            else System.IO.File.CreateSymbolicLink(file, kind == 1 ? file : "/dev/zero");
        }

        private static IEnumerable<JsonNode> Below(JsonNode? node) => node switch
        {
            JsonObject parts => parts.SelectMany(part => Below(part.Value)).Prepend(parts),
            JsonArray items => items.SelectMany(Below).Prepend(items),
            null => [],
            _ => [node],
        };

        private string One(string[] files) => files[random.Next(files.Length)];
    }
}
