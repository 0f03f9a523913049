using RnnService.Onnx.Format;
using RnnService.Onnx.Format.Protos;

namespace RnnService.Onnx.Runtime.Signatures;

/// <summary>
/// Numbers that tensors in a graph speak of: an exporter may have written the batch or the length of its example there.
/// </summary>
internal static class ExporterNumbers
{
    private const int Largest = 1024;

    /// <summary>Numbers of rows, the likelier first.</summary>
    public static IReadOnlyList<int> Batches(GraphProto graph) => Find(graph, most: 12, lengths: false);

    /// <summary>Numbers of tokens.</summary>
    public static IReadOnlyList<int> Lengths(GraphProto graph) => Find(graph, most: 24, lengths: true);

    private static int[] Find(GraphProto graph, int most, bool lengths)
    {
        const int longestList = 8;
        var likely = new SortedSet<int>();
        var possible = new SortedSet<int>();
        IEnumerable<TensorProto> constants = graph.Node
            .Where(node => node.OpType == "Constant").SelectMany(node => node.Attribute)
            .Select(attribute => attribute.T).OfType<TensorProto>();
        foreach (TensorProto tensor in graph.Initializer.Concat(constants))
        {
            if (tensor.Dims.Count == 3) Add(lengths ? tensor.Dims[0] : tensor.Dims[1], likely);
            if (tensor.Dims.Count is 2 or 3) foreach (long size in tensor.Dims) Add(size, possible);
            long count = tensor.Dims.Aggregate(1L, (product, size) => Math.Min(product * size, int.MaxValue));
            if (tensor.Dims.Count > 1 || count > Largest || TensorContent.Integers(tensor) is not { } values) continue;
            // The numbers 0, 1, 2, …: positions of rows or tokens.
            if (values.Length > 1 && values.Select((value, i) => value == i).All(isNext => isNext)) Add(values.Length, likely);
            // A shape such as that of an Expand, or an entry of one.
            if (values.Length == 3 && !lengths) Add(values[1], likely);
            if (values.Length <= longestList) foreach (long value in values) Add(value, possible);
        }

        foreach (NodeProto node in graph.Node.Where(node => node.OpType == "Constant"))
        {
            foreach (AttributeProto attribute in node.Attribute)
            {
                if (attribute.Name == "value_int") Add(attribute.I, possible);
                if (attribute.Name == "value_ints") foreach (long value in attribute.Ints.Take(longestList)) Add(value, possible);
            }
        }

        return [.. likely.Concat(possible.Except(likely)).Take(most)];

        static void Add(long size, SortedSet<int> found)
        {
            if (size is > 1 and <= Largest) found.Add((int)size);
        }
    }
}
