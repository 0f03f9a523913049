using RnnService.Engine.Kernels;
using RnnService.Engine.Text;
using RnnService.Engine.Weights;
using RnnService.Onnx.Import.Files;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import.Weights;

/// <summary>A PyTorch state dict in a safetensors file.</summary>
internal static class StateDict
{
    private const int MostTensors = 10_000;

    private static ReadOnlySpan<byte> LegacyTorchStart => [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC];

    /// <summary>
    /// Opens a file, makes whole what it holds in parts, follows what it says of shared tensors, and gives all the names they have here: a
    /// map's, or those that their own names leave no doubt about.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="mapPath">The map file, if any.</param>
    /// <param name="notes">Told what was assumed.</param>
    /// <exception cref="WeightFormatException">The file is not a well-formed safetensors file.</exception>
    /// <exception cref="ImportException">It is missing, of another kind, or holds what has no place here; or the map is wrong.</exception>
    public static TensorSet Open(string path, string? mapPath, List<string> notes)
    {
        SafeTensorsFile file = OpenFile(path);
        if (file.Names.Count > MostTensors)
            throw new ImportException(path, $"holds {file.Names.Count} tensors; expected at most {MostTensors}");
        if (file.Names.FirstOrDefault(name => name.Contains("weight_hr_l", StringComparison.Ordinal)) is { } projection)
        {
            throw new ImportException(path, $"{Quote(projection)} projects the state (proj_size of PyTorch's LSTM), which has no place here");
        }

        var found = new Dictionary<string, FoundTensor>(StringComparer.Ordinal);
        foreach (string name in file.Names)
        {
            ElementType type = file.TypeOf(name);
            bool isFloat = type is ElementType.F32 or ElementType.F16 or ElementType.BF16;
            found.Add(name, new FoundTensor(name, file.ShapeOf(name), isFloat ? () => file.Floats(name) : null, type)
            {
                Element = file.ElementNameOf(name),
            });
        }

        // safetensors.torch.save_model keeps one of several tensors that share their memory, and notes the names of the others.
        var aliases = file.Metadata.Where(note => file.Contains(note.Value) && !file.Contains(note.Key)).Take(MostTensors).ToList();
        foreach (var (name, kept) in aliases) found.Add(name, found[kept]);
        if (aliases.Count > 0)
        {
            string shown = Listing.Of(aliases.Select(alias => $"{Quote(alias.Key)} is {Quote(alias.Value)}"), aliases.Count);
            notes.Add($"{path} says that {shown} (shared tensors)");
        }

        List<NamedTensor> whole = Decorations.Resolve(path, found, notes);
        if (mapPath is not null) whole = TensorMap.Read(mapPath).Apply(whole, notes);
        Dictionary<string, FoundTensor> tensors = TensorNames.Assign(path, whole, notes);
        bool isSigmoid = SigmoidHead.Widen(tensors);
        ElementType[] types = [.. tensors.Values.Select(tensor => tensor.Type).Distinct().Take(2)];
        var set = new TensorSet(path, tensors, types is [ElementType.F16 or ElementType.BF16] ? types[0] : ElementType.F32) { IsSigmoid = isSigmoid };
        set.CheckShapes();
        return set;
    }

    private static SafeTensorsFile OpenFile(string path)
    {
        try
        {
            using (FileStream stream = RegularFile.Open(path, long.MaxValue))
            {
                Span<byte> start = stackalloc byte[64];
                int count = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
                if (KindOf(start[..count]) is { } kind) throw new ImportException(path, kind);
            }

            return SafeTensorsFile.Open(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw InputFile.Unreadable(path, error);
        }
    }

    // torch.save writes a zip archive, and wrote a pickle before. Reading a pickle can run code: it is not read here.
    private static string? KindOf(ReadOnlySpan<byte> start)
    {
        const string torch = "a file of torch.save; expected one of safetensors.torch.save_file(model.state_dict(), \"model.safetensors\")";
        const string keras = "expected a safetensors file; docs/onnx.md has the lines of Python that make one of a Keras model";
        if (start.StartsWith((ReadOnlySpan<byte>)[0x89, 0x48, 0x44, 0x46])) return $"a file of HDF5 (Keras' .h5): {keras}";
        if (start.StartsWith(LegacyTorchStart)) return torch;
        if (!start.StartsWith("PK\u0003\u0004"u8)) return null;
        // The name of the archive's first file.
        const int nameStart = 30;
        ReadOnlySpan<byte> name = start.Length > nameStart ? start[nameStart..] : [];
        return name.StartsWith("metadata.json"u8) || name.StartsWith("config.json"u8) ? $"a .keras archive: {keras}" : torch;
    }
}
