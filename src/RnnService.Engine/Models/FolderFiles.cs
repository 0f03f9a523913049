namespace RnnService.Engine.Models;

/// <summary>The files of a model folder, and how large they may be. See docs/model-format.md.</summary>
internal static class FolderFiles
{
    public const string Config = "config.json", Vocabulary = "vocab.json", Golden = "golden.json";

    public const string Weights = "model.safetensors", Onnx = "model.onnx";

    // What nobody needs more of: a vocabulary of millions of words, an answer to the longest golden text.
    public const int MostConfigBytes = 4 << 20, MostVocabularyBytes = 64 << 20, MostGoldenBytes = 16 << 20;

    /// <summary>Those whose hashes stand in <see cref="Checksums.File"/>.</summary>
    public static readonly string[] Summed = [Config, Vocabulary, Weights, Onnx, Golden];

    /// <summary>All of them.</summary>
    public static readonly string[] All = [.. Summed, Checksums.File];
}
