using RnnService.Engine.Weights;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Onnx.Import;

/// <summary>A PyTorch state dict in a safetensors file.</summary>
internal static class StateDict
{
    private const int MostTensors = 10_000;

    private static ReadOnlySpan<byte> LegacyTorchStart => [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC];

    /// <summary>Opens a file and gives its tensors our names where a map says so.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mapPath">The map file, if any.</param>
    /// <exception cref="WeightFormatException">The file is not a well-formed safetensors file.</exception>
    /// <exception cref="ImportException">It is missing, of another kind, or holds what has no place here; or the map is wrong.</exception>
    public static TensorSet Open(string path, string? mapPath)
    {
        SafeTensorsFile file = OpenFile(path);
        if (file.Names.Count > MostTensors)
            throw new ImportException(path, $"holds {file.Names.Count} tensors: at most {MostTensors} wanted");
        if (file.Names.FirstOrDefault(name => name.Contains("weight_hr_l", StringComparison.Ordinal)) is { } projection)
        {
            throw new ImportException(path, $"{Quote(projection)} projects the state (proj_size of PyTorch's LSTM), which has no place here");
        }

        var tensors = new Dictionary<string, FoundTensor>(StringComparer.Ordinal);
        TensorMap? map = mapPath is null ? null : TensorMap.Read(mapPath);
        foreach (var (name, newName) in map?.Apply(file.Names) ?? [.. file.Names.Select(name => (name, (string?)name))])
        {
            if (newName is null) continue;
            bool isFloat = file.TypeOf(name) is TensorType.F32 or TensorType.F16 or TensorType.BF16;
            tensors.Add(newName, new FoundTensor(name, file.ShapeOf(name), isFloat ? () => file.Floats(name) : null));
        }

        TensorType[] types = [.. tensors.Values.Select(tensor => file.TypeOf(tensor.Origin)).Distinct().Take(2)];
        return new TensorSet(path, tensors, types is [TensorType.F16 or TensorType.BF16] ? types[0] : TensorType.F32);
    }

    private static SafeTensorsFile OpenFile(string path)
    {
        try
        {
            using (FileStream stream = File.OpenRead(path))
            {
                Span<byte> start = stackalloc byte[6];
                int count = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
                // torch.save writes a zip archive, and wrote a pickle before. Reading a pickle can run code: it is not read here.
                if (start[..count].StartsWith("PK\u0003\u0004"u8) || start[..count].SequenceEqual(LegacyTorchStart))
                {
                    throw new ImportException(
                        path, "a file of torch.save: one of safetensors.torch.save_file(model.state_dict(), \"model.safetensors\") wanted");
                }
            }

            return SafeTensorsFile.Open(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw InputFile.Unreadable(path, error);
        }
    }
}
