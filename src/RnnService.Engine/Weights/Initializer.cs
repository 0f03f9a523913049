namespace RnnService.Engine.Weights;

/// <summary>How a parameter starts its training.</summary>
internal abstract record Initializer
{
    /// <summary>Everything 0.</summary>
    public static readonly Initializer Zero = new ConstantInitializer([0]);

    /// <summary>The bias of an LSTM, whose forget gate starts open: it lets gradients through from the first step (Jozefowicz et al. 2015).</summary>
    public static readonly Initializer ForgetGate = OpenForgetGate(1);

    /// <summary>Fills a parameter of this shape.</summary>
    internal abstract void Fill(Span<float> values, IReadOnlyList<int> shape, ref RandomSource random);

    /// <summary>Equal blocks of rows, each filled with its own constant, such as a bias whose forget gate starts at 1.</summary>
    public static Initializer Blocks(params float[] constants) => new ConstantInitializer(constants);

    /// <summary>The bias of an LSTM, with this bias of the forget gate.</summary>
    public static Initializer OpenForgetGate(float bias) => Blocks(0, bias, 0, 0);

    /// <summary>Normal with this deviation.</summary>
    public static Initializer Normal(float deviation) => new NormalInitializer(deviation);

    /// <summary>Uniform within ±√(6/(fan in + fan out)), block by block of rows (Glorot and Bengio 2010).</summary>
    public static Initializer Glorot(int blocks = 1) => new GlorotInitializer(blocks);

    /// <summary>Each square block of rows a random rotation, so that signals keep their length over time (Saxe et al. 2014).</summary>
    public static Initializer Orthogonal(int blocks) => new OrthogonalInitializer(blocks);

    /// <summary>Each square block of rows the identity: the start for ReLU networks (Le, Jaitly and Hinton 2015).</summary>
    public static Initializer Identity(int blocks) => new IdentityInitializer(blocks);

    private sealed record ConstantInitializer(float[] Constants) : Initializer
    {
        internal override void Fill(Span<float> values, IReadOnlyList<int> shape, ref RandomSource random)
        {
            int block = values.Length / Constants.Length;
            for (int i = 0; i < Constants.Length; i++) values.Slice(i * block, block).Fill(Constants[i]);
        }
    }

    private sealed record NormalInitializer(float Deviation) : Initializer
    {
        internal override void Fill(Span<float> values, IReadOnlyList<int> shape, ref RandomSource random)
        {
            foreach (ref float value in values) value = (float)(random.Normal() * Deviation);
        }
    }

    private sealed record GlorotInitializer(int Count) : Initializer
    {
        internal override void Fill(Span<float> values, IReadOnlyList<int> shape, ref RandomSource random)
        {
            double bound = Math.Sqrt(6.0 / (shape[0] / Count + shape[1]));
            foreach (ref float value in values) value = (float)((2 * random.Uniform() - 1) * bound);
        }
    }

    private sealed record OrthogonalInitializer(int Count) : Initializer
    {
        internal override void Fill(Span<float> values, IReadOnlyList<int> shape, ref RandomSource random)
        {
            int size = shape[1];
            double[][] rows = new double[size][];
            for (int block = 0; block < Count; block++)
            {
                for (int r = 0; r < size; r++)
                {
                    double[] row = rows[r] = new double[size];
                    foreach (ref double value in row.AsSpan()) value = random.Normal();
                    // Twice is enough (Kahan): the second round removes what rounding left of the rows before.
                    for (int round = 0; round < 2; round++)
                    {
                        for (int other = 0; other < r; other++)
                        {
                            double dot = System.Numerics.Tensors.TensorPrimitives.Dot<double>(row, rows[other]);
                            System.Numerics.Tensors.TensorPrimitives.MultiplyAdd<double>(rows[other], -dot, row, row);
                        }
                    }

                    System.Numerics.Tensors.TensorPrimitives.Divide<double>(row, System.Numerics.Tensors.TensorPrimitives.Norm<double>(row), row);
                    for (int c = 0; c < size; c++) values[(block * size + r) * size + c] = (float)row[c];
                }
            }
        }
    }

    private sealed record IdentityInitializer(int Count) : Initializer
    {
        internal override void Fill(Span<float> values, IReadOnlyList<int> shape, ref RandomSource random)
        {
            int size = shape[1];
            values.Clear();
            for (int row = 0; row < Count * size; row++) values[row * size + row % size] = 1;
        }
    }
}
