using System.Buffers.Binary;
using System.Security.Cryptography;
using RnnService.Engine.Layers;
using RnnService.Engine.Networks;
using RnnService.Engine.Text;

namespace RnnService.Engine.Generation;

/// <summary>
/// A stream's state as bytes: a mark, the sizes of the model, what the sampler and the stop strings need, the network's state as 32-bit floats, and
/// eight bytes of a SHA-256 over all of it, so that an accident is noticed; against intent whoever sends states about has to seal them. Numbers are
/// LEB128, fixed ones little-endian. What is read is untrusted: nothing is allocated that is larger than the bytes given.
/// </summary>
internal static class StateBytes
{
    private const int HashLength = 8;

    /// <summary>The largest position: whole numbers up to here are exact for clients whose numbers are doubles.</summary>
    private const ulong MostPosition = 1UL << 53;

    private static ReadOnlySpan<byte> Mark => "RnnState1"u8;

    /// <summary>
    /// The mark where there follow the counts: how many bytes of a character, and they; and 1, the grammar's key and where it stands, or 0. A state
    /// without either is written as it was before there were any.
    /// </summary>
    private static ReadOnlySpan<byte> MoreMark => "RnnState2"u8;

    public static byte[] Write(StreamState state)
    {
        bool hasMore = state.Partial.Count > 0 || state.Grammar is not null;
        List<byte> head = [.. hasMore ? MoreMark : Mark];
        RecurrentState recurrent = state.Recurrent;
        Add((ulong)recurrent.Slots);
        Add((ulong)recurrent.Size);
        Add(recurrent.CellState.Length > 0 ? 1UL : 0);
        Add((ulong)state.Position);
        Add(state.Seed);
        Add(state.Place);
        Add((ulong)state.Pending.Length);
        foreach (int id in state.Pending) Add((ulong)id);
        Add((ulong)state.Tail.Length);
        foreach (char unit in state.Tail) Add(unit);
        Add(state.Counts is null ? 0 : 1UL + (ulong)state.Counts.Count);
        int last = -1;
        foreach ((int id, int generated) in state.Counts ?? [])
        {
            Add((ulong)(id - last - 1));
            Add((ulong)generated);
            last = id;
        }

        if (hasMore)
        {
            Add((ulong)state.Partial.Count);
            head.AddRange(state.Partial.ToBytes());
            Add(state.Grammar is null ? 0 : 1UL);
            if (state.Grammar is { } grammar)
            {
                Add(grammar.Key);
                Add((ulong)grammar.State);
            }
        }

        byte[] bytes = new byte[head.Count + recurrent.Bytes + HashLength];
        head.CopyTo(bytes);
        Span<byte> rest = bytes.AsSpan(head.Count);
        foreach (float[] part in (float[][])[recurrent.Hidden, recurrent.CellState])
        {
            foreach (float value in part)
            {
                BinaryPrimitives.WriteSingleLittleEndian(rest, value);
                rest = rest[sizeof(float)..];
            }
        }

        Hash(bytes).CopyTo(rest);
        return bytes;

        void Add(ulong value)
        {
            for (; value >= 0x80; value >>= 7) head.Add((byte)(value | 0x80));
            head.Add((byte)value);
        }
    }

    /// <summary>Reads a state.</summary>
    /// <param name="bytes">From anywhere.</param>
    /// <param name="network">The network it is to be a state of.</param>
    /// <param name="vocabulary">Number of the model's tokens.</param>
    /// <exception cref="StreamStateException">They are no state of that model.</exception>
    public static StreamState Read(ReadOnlySpan<byte> bytes, ILanguageNetwork network, int vocabulary)
    {
        bool hasMore = bytes.StartsWith(MoreMark);
        if (!hasMore && !bytes.StartsWith(Mark)) throw new StreamStateException("state: its first bytes are others; expected those of a stream's state");
        if (bytes.Length < Mark.Length + HashLength || !bytes[^HashLength..].SequenceEqual(Hash(bytes)))
            throw new StreamStateException("state: its checksum is another; expected all bytes as they were written");
        RecurrentState zero = network.NewState(1); // of the model's sizes, whatever the bytes say
        var reader = new Reader(bytes[Mark.Length..^HashLength]);
        CheckSize("slots", reader.Next("slots"), (ulong)zero.Slots);
        CheckSize("size", reader.Next("size"), (ulong)zero.Size);
        CheckSize("cell_state", reader.Next("cell_state"), zero.CellState.Length > 0 ? 1UL : 0);
        ulong position = reader.Next("position", MostPosition), seed = reader.Next("seed"), place = reader.Next("place");
        int[] pending = new int[reader.Count("pending", bytesOfOne: 1)];
        if (pending.Length == 0) throw new StreamStateException("state: pending is empty; expected a token or more");
        foreach (ref int id in pending.AsSpan()) id = (int)reader.Next("pending", (ulong)vocabulary - 1);
        char[] tail = new char[reader.Count("tail", bytesOfOne: 1)];
        foreach (ref char unit in tail.AsSpan()) unit = (char)reader.Next("tail", char.MaxValue);
        var state = new StreamState(zero)
        {
            Position = (long)position,
            Seed = seed,
            Place = place,
            Pending = pending,
            Tail = new string(tail),
            Counts = ReadCounts(ref reader, vocabulary),
            Partial = hasMore ? ReadPartial(ref reader) : default,
            Grammar = hasMore && reader.Next("grammar", 1) == 1 ? (reader.Next("grammar"), (long)reader.Next("grammar")) : null,
        };
        if (reader.Left.Length != zero.Bytes) throw new StreamStateException($"state: values is {reader.Left.Length} bytes; expected {zero.Bytes}");
        ReadValues(reader.Left, zero.Hidden);
        ReadValues(reader.Left[(zero.Hidden.Length * sizeof(float))..], zero.CellState);
        return state;
    }

    private static void CheckSize(string name, ulong found, ulong expected)
    {
        if (found != expected) throw new StreamStateException($"state: {name} is {found}; expected {expected}, as the model has it");
    }

    private static KeyValuePair<int, int>[]? ReadCounts(ref Reader reader, int vocabulary)
    {
        if (reader.Next("counts", (ulong)vocabulary + 1) is not (> 0 and var marked)) return null;
        var counts = new KeyValuePair<int, int>[reader.CheckCount("counts", marked - 1, bytesOfOne: 2)];
        int next = 0;
        foreach (ref KeyValuePair<int, int> count in counts.AsSpan())
        {
            if (next >= vocabulary) throw new StreamStateException("state: counts has a token beyond the vocabulary; expected tokens of the model");
            int id = next + (int)reader.Next("counts", (ulong)(vocabulary - 1 - next));
            count = new(id, (int)reader.Next("counts", int.MaxValue));
            next = id + 1;
        }

        return counts;
    }

    private static PartialCharacter ReadPartial(ref Reader reader)
    {
        int count = reader.Count("partial", bytesOfOne: 1);
        byte[] bytes = reader.Left[..count].ToArray();
        var partial = PartialCharacter.EndOf(bytes);
        if (partial.Count < bytes.Length) throw new StreamStateException("state: partial is no beginning of a character; expected one");
        reader.Skip(bytes.Length);
        return partial;
    }

    private static void ReadValues(ReadOnlySpan<byte> bytes, float[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadSingleLittleEndian(bytes[(i * sizeof(float))..]);
            if (!float.IsFinite(values[i])) throw new StreamStateException("state: a value is not finite; expected numbers");
        }
    }

    private static byte[] Hash(ReadOnlySpan<byte> bytes) => SHA256.HashData(bytes[..^HashLength])[..HashLength];

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        public ReadOnlySpan<byte> Left { get; private set; } = bytes;

        public ulong Next(string name, ulong most = ulong.MaxValue)
        {
            ulong value = 0;
            for (int shift = 0; ; shift += 7)
            {
                if (Left.IsEmpty) throw new StreamStateException($"state: {name} is cut off; expected a number");
                byte part = Left[0];
                Left = Left[1..];
                // Of the tenth byte one bit is left.
                if (shift == 63 && part > 1) throw new StreamStateException($"state: {name} is too large; expected at most {most}");
                value |= (ulong)(part & 0x7F) << shift;
                if (part < 0x80) break;
            }

            return value <= most ? value : throw new StreamStateException($"state: {name} is {value}; expected at most {most}");
        }

        public void Skip(int bytes) => Left = Left[bytes..];

        /// <summary>A number of things to follow, of so many bytes each at least.</summary>
        public int Count(string name, int bytesOfOne) => CheckCount(name, Next(name), bytesOfOne);

        public readonly int CheckCount(string name, ulong count, int bytesOfOne) => count <= (ulong)(Left.Length / bytesOfOne)
            ? (int)count
            : throw new StreamStateException($"state: {name} is {count} long; expected at most what is left of its bytes");
    }
}
