using RnnService.Engine.Kernels;

namespace RnnService.Engine.Weights;

/// <summary>A trained tensor. Read-only outside training.</summary>
public sealed class Parameter
{
    internal Parameter(int index, string name, int[] shape, float[] values, ElementType type) =>
        (Index, Name, Shape, Data, Type) = (index, name, shape, values, type);

    /// <summary>Dotted name, PyTorch's where PyTorch has one.</summary>
    public string Name { get; }

    /// <summary>Sizes, outermost first; values are stored row-major.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>The values, row-major.</summary>
    public ReadOnlySpan<float> Values => Data;

    /// <summary>How precise the values are: layers that compute with narrow weights keep them narrow.</summary>
    public ElementType Type { get; }

    /// <summary>Whether no training changes it, such as what inputs are normalised by.</summary>
    internal bool IsFixed { get; init; }

    /// <summary>Whether its values are added up and not multiplied, so that rounding them to 8 bits would gain nothing.</summary>
    internal bool IsExact { get; init; }

    /// <summary>Place among the parameters of its model.</summary>
    internal int Index { get; }

    /// <summary>The values for a trainer to change; layers must be refreshed afterwards.</summary>
    internal float[] Data { get; }
}

/// <summary>
/// The parameters of one model in the order its layers asked for them. Layers ask by name and shape; the origin (a file, or a random
/// start) gives the values. Immutable once the model is built, but for a trainer.
/// </summary>
public sealed class Parameters
{
    private readonly List<Parameter> _all = [];
    private Func<string, int[], Initializer, float[]> _origin;

    private Func<string, ElementType>? _typeOf;

    private Parameters(
        Func<string, int[], Initializer, float[]> origin, bool trained, bool hasValues = true, Func<string, ElementType>? typeOf = null) =>
        (_origin, IsTrainable, HasValues, _typeOf) = (origin, trained, hasValues, typeOf);

    /// <summary>All parameters so far.</summary>
    public IReadOnlyList<Parameter> All => _all;

    /// <summary>Number of values in all.</summary>
    public long Count => _all.Sum(parameter => (long)parameter.Values.Length);

    /// <summary>How precise most of the values are.</summary>
    public ElementType Type =>
        _all.GroupBy(parameter => parameter.Type).MaxBy(group => group.Sum(parameter => (long)parameter.Values.Length))!.Key;

    /// <summary>Whether there are values; without, layers are built to tell what they would ask for, and pack nothing.</summary>
    internal bool HasValues { get; }

    /// <summary>Whether layers must be able to send gradients back.</summary>
    internal bool IsTrainable { get; }

    /// <summary>A random start that depends on the seed and on each parameter's name alone.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="identityRecurrence">Start square recurrent blocks as the identity instead of a random rotation.</param>
    public static Parameters Random(ulong seed, bool identityRecurrence = false) =>
        Random(seed, identityRecurrence ? Initializer.Identity : null, forgetBias: 1);

    /// <summary>As the public one.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="recurrence">How recurrent matrices of so many square blocks start; null for as their cells have it.</param>
    /// <param name="forgetBias">Where the bias of an LSTM's forget gate starts.</param>
    internal static Parameters Random(ulong seed, Func<int, Initializer>? recurrence, float forgetBias) => new(
        (name, shape, initializer) =>
        {
            var random = new RandomSource(seed, Hash(name));
            float[] values = new float[shape.Aggregate(1, (product, size) => checked(product * size))];
            if (name.Contains(".weight_hh_", StringComparison.Ordinal)) initializer = recurrence?.Invoke(shape[0] / shape[1]) ?? initializer;
            if (initializer == Initializer.ForgetGate) initializer = Initializer.OpenForgetGate(forgetBias);
            initializer.Fill(values, shape, ref random);
            return values;
        },
        trained: true);

    /// <summary>Values given by name and shape, as a weight file does.</summary>
    /// <param name="values">Returns the values, or throws a sentence that names what is missing or of another shape.</param>
    /// <param name="trainable">Whether the model is to be trained on.</param>
    /// <param name="typeOf">Tells how precise the values of a name are; 32-bit floats when left out, and where they are to be trained on.</param>
    public static Parameters From(Func<string, int[], float[]> values, bool trainable = false, Func<string, ElementType>? typeOf = null) =>
        new((name, shape, _) => values(name, shape), trainable, typeOf: trainable ? null : typeOf);

    /// <summary>These, and after them those that layers of a training alone ask for: gradients of the result are of both.</summary>
    /// <param name="seed">The seed of the others' random start.</param>
    internal Parameters WithOthers(ulong seed)
    {
        Parameters all = Random(seed);
        all._all.AddRange(_all);
        return all;
    }

    /// <summary>No values at all, to learn which parameters a network asks for.</summary>
    internal static Parameters ShapesOnly() => new((_, _, _) => [], trained: false, hasValues: false);

    /// <summary>The first value that is NaN or infinite, and the name of its parameter; null when all are finite.</summary>
    internal (string Name, float Value)? FirstNotFinite()
    {
        foreach (Parameter parameter in _all)
        {
            if (Finite.FirstNot(parameter.Values) is { } value) return (parameter.Name, value);
        }

        return null;
    }

    /// <summary>Asks for a parameter.</summary>
    internal Parameter Add(string name, Initializer initializer, params int[] shape) => Add(name, initializer, shape, isExact: false);

    /// <summary>Asks for a parameter whose values stay floats where matrices are stored as 8-bit numbers.</summary>
    internal Parameter AddExact(string name, Initializer initializer, params int[] shape) => Add(name, initializer, shape, isExact: true);

    /// <summary>Asks for values that belong to the model, but that no training changes.</summary>
    internal Parameter AddFixed(string name, Initializer initializer, params int[] shape)
    {
        var parameter = new Parameter(_all.Count, name, shape, _origin(name, shape, initializer), ElementType.F32) { IsFixed = true };
        _all.Add(parameter);
        return parameter;
    }

    /// <summary>The model is built: lets go of where the values came from, such as all bytes of a file.</summary>
    internal void Close() => (_origin, _typeOf) = ((name, _, _) => throw new InvalidOperationException($"{name} is asked for by a model that is built"), null);

    private Parameter Add(string name, Initializer initializer, int[] shape, bool isExact)
    {
        var parameter = new Parameter(_all.Count, name, shape, _origin(name, shape, initializer), _typeOf?.Invoke(name) ?? ElementType.F32) { IsExact = isExact };
        _all.Add(parameter);
        return parameter;
    }

    private static ulong Hash(string name)
    {
        ulong hash = 14695981039346656037UL; // FNV-1a
        foreach (char c in name) hash = (hash ^ c) * 1099511628211UL;
        return hash;
    }
}

/// <summary>
/// The gradient of a loss with respect to every parameter of a model, added up over calls. Not thread-safe: each thread has its own,
/// and their sums are taken in a fixed order, so that the result does not depend on timing.
/// </summary>
internal sealed class Gradients
{
    private readonly float[][] _values;

    /// <summary>All zero, for these parameters.</summary>
    public Gradients(Parameters parameters)
    {
        _values = [.. parameters.All.Select(parameter => new float[parameter.Values.Length])];
    }

    /// <summary>The gradient of one parameter, laid out like its values.</summary>
    public Span<float> Of(Parameter parameter) => _values[parameter.Index];

    /// <summary>Sets everything to zero.</summary>
    public void Clear()
    {
        foreach (float[] values in _values) Array.Clear(values);
    }

    /// <summary>Sets one parameter's to zero.</summary>
    public void Clear(Parameter parameter) => Array.Clear(_values[parameter.Index]);

    /// <summary>Adds another's values to these.</summary>
    public void Add(Gradients other)
    {
        for (int i = 0; i < _values.Length; i++)
            System.Numerics.Tensors.TensorPrimitives.Add<float>(_values[i], other._values[i], _values[i]);
    }

    /// <summary>Multiplies everything.</summary>
    public void Scale(float factor)
    {
        foreach (float[] values in _values) System.Numerics.Tensors.TensorPrimitives.Multiply(values, factor, values);
    }

    /// <summary>The length of all values taken as one vector; not finite when any value is not.</summary>
    public double Norm() => Math.Sqrt(_values.Sum(values => (double)System.Numerics.Tensors.TensorPrimitives.SumOfSquares<float>(values)));
}
