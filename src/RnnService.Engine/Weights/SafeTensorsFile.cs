using System.Buffers.Binary;
using RnnService.Engine.Kernels;
using RnnService.Engine.Text;
using static RnnService.Engine.Weights.WeightFormatException;

namespace RnnService.Engine.Weights;

/// <summary>
/// A safetensors file held in memory: tensors by name and shape. Checked as untrusted input when opened, never changed after,
/// safe for any number of threads. Values are not checked: NaN and infinity are read as they are.
/// </summary>
internal sealed class SafeTensorsFile
{
    internal const int PrefixLength = sizeof(ulong);
    internal const int LongestHeader = 100_000_000;

    /// <summary>Bytes of the largest file that can be read.</summary>
    internal const long Largest = (long)PrefixLength + LongestHeader + int.MaxValue;

    private readonly SafeTensorsHeader _header;
    private readonly byte[] _data;
    private readonly string _file;

    private SafeTensorsFile(SafeTensorsHeader header, byte[] data, string file)
    {
        _header = header;
        _data = data;
        _file = file;
    }

    /// <summary>What the writer said about the file. Empty when it said nothing.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <summary>The tensors' names, in the order of their bytes in the file.</summary>
    public IReadOnlyCollection<string> Names => _header.Names;

    /// <summary>Reads a file whole and checks it.</summary>
    /// <param name="path">The file; at most 2 GB of it may be tensors.</param>
    /// <param name="stop">Ends reading.</param>
    /// <exception cref="WeightFormatException">The file is not a well-formed safetensors file.</exception>
    /// <exception cref="IOException">The file is missing, is no regular file or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">Its permissions forbid reading.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    public static SafeTensorsFile Open(string path, CancellationToken stop = default)
    {
        using FileStream stream = RegularFile.Open(path, Largest);
        return Read(stream, path, stop);
    }

    /// <summary>Reads a stream that knows its length, from where it stands to its end, and checks it.</summary>
    /// <param name="stream">The bytes.</param>
    /// <param name="file">A name for messages.</param>
    /// <param name="stop">Ends reading.</param>
    /// <exception cref="WeightFormatException">The bytes are not a well-formed safetensors file.</exception>
    internal static SafeTensorsFile Read(Stream stream, string file, CancellationToken stop = default)
    {
        long rest = stream.Length - stream.Position - PrefixLength;
        if (rest < 0)
            throw new WeightFormatException(file, $"truncated: the file holds {rest + PrefixLength} bytes; expected {PrefixLength} or more, the length of the header");
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(ReadBytes(stream, PrefixLength, file, stop));
        if (headerLength > LongestHeader)
            throw new WeightFormatException(file, $"the header is {headerLength} bytes long; expected at most {LongestHeader}");
        if ((long)headerLength > rest)
            throw new WeightFormatException(file, $"truncated: {rest} bytes follow the length of the header; expected {headerLength} or more");
        byte[] json = ReadBytes(stream, (int)headerLength, file, stop);

        rest -= json.Length;
        var header = SafeTensorsHeader.Parse(json, rest, file);
        if (rest > Array.MaxLength)
            throw new WeightFormatException(file, $"the tensors take {rest} bytes; expected at most {Array.MaxLength}");
        return new SafeTensorsFile(header, ReadBytes(stream, (int)rest, file, stop), file);
    }

    /// <summary>Whether the file holds a tensor of this name.</summary>
    public bool Contains(string name) => _header.Entries.ContainsKey(name);

    /// <summary>The tensor's sizes; empty for a scalar.</summary>
    /// <exception cref="WeightFormatException">No such tensor.</exception>
    public IReadOnlyList<int> ShapeOf(string name) => Array.AsReadOnly(Find(name).Shape);

    /// <summary>How the file stores the tensor.</summary>
    /// <exception cref="WeightFormatException">No such tensor.</exception>
    public ElementType TypeOf(string name) => Find(name).Type;

    /// <summary>The element type as the file names it, such as F64.</summary>
    /// <exception cref="WeightFormatException">No such tensor.</exception>
    public string ElementNameOf(string name) => Find(name).ElementName;

    /// <summary>The name of the tensor that holds the scales of an I8 tensor's rows.</summary>
    public static string ScaleOf(string name) => name + "_scale";

    /// <summary>
    /// A fresh copy of a float tensor, row-major, that must have this shape. Of an I8 matrix [N,K], every row times its scale in the F32
    /// tensor <see cref="ScaleOf"/> [N].
    /// </summary>
    /// <param name="name">The tensor.</param>
    /// <param name="shape">Expected sizes; <c>[]</c> for a scalar.</param>
    /// <exception cref="WeightFormatException">
    /// No such tensor, another shape, no scales of the right shape, or values that are not F32, BF16, F16 or I8.
    /// </exception>
    public float[] Floats(string name, params ReadOnlySpan<int> shape)
    {
        TensorEntry entry = Find(name);
        if (!shape.SequenceEqual(entry.Shape))
            throw new WeightFormatException(_file, $"tensor {Quote(name)}: shape is {Show(entry.Shape)}; expected {Show(shape)}");
        return entry.Type == ElementType.I8 && shape.Length == 2 ? Scaled(entry, Floats(ScaleOf(name), shape[0])) : Floats(name);
    }

    /// <summary>A fresh copy of a float tensor of whatever shape, row-major. BF16 and F16 become the floats of the same value.</summary>
    /// <exception cref="WeightFormatException">No such tensor, or values that are not F32, BF16 or F16.</exception>
    public float[] Floats(string name)
    {
        TensorEntry entry = Find(name);
        if (entry.Type is not (ElementType.F32 or ElementType.BF16 or ElementType.F16))
            throw new WeightFormatException(_file, $"tensor {Quote(name)}: dtype is {entry.ElementName}; expected F32, BF16 or F16");
        ReadOnlySpan<byte> bytes = BytesOf(entry);
        int width = entry.Type == ElementType.F32 ? sizeof(float) : sizeof(ushort);
        float[] values = new float[bytes.Length / width];
        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlySpan<byte> source = bytes[(i * width)..];
            if (entry.Type == ElementType.F32) values[i] = BinaryPrimitives.ReadSingleLittleEndian(source);
            else if (entry.Type == ElementType.F16) values[i] = (float)BinaryPrimitives.ReadHalfLittleEndian(source);
            else values[i] = BitConverter.UInt32BitsToSingle((uint)BinaryPrimitives.ReadUInt16LittleEndian(source) << 16);
        }

        return values;
    }

    /// <summary>A fresh copy of an integer tensor of whatever shape, row-major.</summary>
    /// <exception cref="WeightFormatException">No such tensor, or values that are not I64 or I32.</exception>
    public long[] Integers(string name)
    {
        TensorEntry entry = Find(name);
        if (entry.Type is not (ElementType.I64 or ElementType.I32))
            throw new WeightFormatException(_file, $"tensor {Quote(name)}: dtype is {entry.ElementName}; expected I64 or I32");
        ReadOnlySpan<byte> bytes = BytesOf(entry);
        bool wide = entry.Type == ElementType.I64;
        int width = wide ? sizeof(long) : sizeof(int);
        long[] values = new long[bytes.Length / width];
        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlySpan<byte> source = bytes[(i * width)..];
            values[i] = wide ? BinaryPrimitives.ReadInt64LittleEndian(source) : BinaryPrimitives.ReadInt32LittleEndian(source);
        }

        return values;
    }

    private float[] Scaled(TensorEntry matrix, float[] scales)
    {
        ReadOnlySpan<byte> bytes = BytesOf(matrix);
        float[] values = new float[bytes.Length];
        for (int i = 0; i < values.Length; i++) values[i] = scales[i / matrix.Shape[1]] * (sbyte)bytes[i];
        return values;
    }

    private TensorEntry Find(string name)
    {
        if (_header.Entries.TryGetValue(name, out TensorEntry? entry)) return entry;
        string[] near = [.. NearestName.Several(name, _header.Names, 3).Select(Quote)];
        string nearest = near.Length == 0 ? "" : $"; nearest: {string.Join(", ", near)}";
        throw new WeightFormatException(_file, $"no tensor {Quote(name)} among {_header.Names.Count}{nearest}");
    }

    private ReadOnlySpan<byte> BytesOf(TensorEntry entry) => _data.AsSpan((int)entry.Begin, (int)(entry.End - entry.Begin));

    private static byte[] ReadBytes(Stream stream, int count, string file, CancellationToken stop)
    {
        const int block = 1 << 24;
        byte[] bytes = new byte[count];
        try
        {
            for (int at = 0; at < count; at += block)
            {
                stop.ThrowIfCancellationRequested();
                stream.ReadExactly(bytes, at, Math.Min(block, count - at));
            }
        }
        catch (EndOfStreamException error)
        {
            throw new WeightFormatException(file, $"truncated while it was read; expected {count} bytes", error);
        }

        return bytes;
    }
}
