using RnnService.Engine.Kernels;
using RnnService.Engine.Models;
using RnnService.Engine.Weights;
using RnnService.Onnx.Import;
using RnnService.Onnx.Import.Files;
using Xunit;

namespace RnnService.Onnx.Tests.Import;

/// <summary>The files of one of PyTorch's models in a folder of their own, to be changed and imported.</summary>
internal sealed class ImportCase : IDisposable
{
    public static readonly string[] Names =
        ["char-lm-gru", "char-lm-lstm", "classifier-gru", "classifier-lstm", "tagger-gru", "tagger-lstm", "tagger-rnn"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("rnn-test-");

    public ImportCase(string name)
    {
        Weights = this["model.safetensors"];
        Config = this["pytorch.json"];
        File.Copy(Fixture(name + ".safetensors"), Weights);
        File.Copy(Fixture(name + ".json"), Config);
        Vocabulary = Write("vocab.txt", VocabularyOf(name));
    }

    public string Weights { get; set; }

    public string Config { get; set; }

    public string Vocabulary { get; set; }

    public string? Map { get; set; }

    public string? UnknownToken { get; set; }

    public string? Check { get; set; }

    public string Root => _folder.FullName;

    public string this[string name] => Path.Combine(_folder.FullName, name);

    public static string Fixture(string file) => Path.Combine(AppContext.BaseDirectory, "TestData", "pytorch", file);

    /// <summary>As many tokens as the model has: characters for a language model, else words.</summary>
    public static string VocabularyOf(string name) => string.Concat(name.StartsWith("char-lm", StringComparison.Ordinal)
        ? Enumerable.Range(0, 65).Select(id => $"{(char)('0' + id)}\n")
        : Enumerable.Range(0, 120).Select(id => id == 1 ? "<unk>\n" : $"w{id}\n"));

    public static List<TensorData> Tensors(string file)
    {
        SafeTensorsFile tensors = SafeTensorsFile.Open(file);
        return [.. tensors.Names.Select(name => new TensorData(name, tensors.ShapeOf(name), tensors.Floats(name)))];
    }

    public string Write(string name, string text)
    {
        File.WriteAllText(this[name], text);
        return this[name];
    }

    /// <summary>Replaces the weights by what is made of each tensor; null leaves it out.</summary>
    public void Change(Func<TensorData, TensorData?> change, ElementType type = ElementType.F32) =>
        SafeTensorsWriter.Write(Weights, [.. Tensors(Weights).Select(change).OfType<TensorData>()], type: type);

    /// <summary>Replaces the weights by what is made of all of them.</summary>
    public void Replace(Func<List<TensorData>, IEnumerable<TensorData>> change, Dictionary<string, string>? metadata = null) =>
        SafeTensorsWriter.Write(Weights, [.. change(Tensors(Weights))], metadata);

    public void Rename(Func<string, string> rename) => Change(tensor => tensor with { Name = rename(tensor.Name) });

    public ImportedModel Import() => ModelImport.FromStateDict(Weights, new ImportDescription(Config, Vocabulary, UnknownToken, Check), Map);

    /// <summary>Imports, and writes the model into the folder <c>out</c>.</summary>
    public LoadedModel ImportAndWrite(string? golden = null, bool replace = false) =>
        ModelImport.Write(Import(), this["out"], golden, replace, TestContext.Current.CancellationToken);

    /// <summary>Checks that the import is refused and that the message says all of this; gives it back without the folder's path.</summary>
    public string Refused(params string[] parts)
    {
        string message = Assert.Throws<ImportException>(Import).Message.Replace(Root + Path.DirectorySeparatorChar, "", StringComparison.Ordinal);
        foreach (string part in parts) Assert.Contains(part, message, StringComparison.Ordinal);
        return message;
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
