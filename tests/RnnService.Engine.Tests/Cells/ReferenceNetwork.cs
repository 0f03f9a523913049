using RnnService.Engine.Layers;

namespace RnnService.Engine.Tests.Cells;

/// <summary>
/// Every recurrence written straight from its equations: one sequence, one unit and one gate at a time, in double, with plain loops.
/// Shares nothing with the engine but PyTorch's parameter names, which lead to the values.
/// </summary>
internal sealed class ReferenceNetwork(
    CellKind kind, Dictionary<string, double[]> values, string prefix, int inputSize, int hiddenSize, int layers, Direction direction)
{
    private readonly bool[] _reversed = direction switch
    {
        Direction.Forward => [false],
        Direction.Reverse => [true],
        _ => [false, true],
    };

    /// <summary>Smallest distance of a ReLU's argument from its kink, where a numeric derivative tells nothing.</summary>
    public double NearestKink { get; private set; } = double.PositiveInfinity;

    /// <summary>Runs one sequence; the states are those of each layer and direction, replaced by the last ones.</summary>
    /// <returns>Output of every step, the directions side by side.</returns>
    public double[][] Run(double[][] sequence, double[][] h, double[][] c)
    {
        for (int layer = 0; layer < layers; layer++)
        {
            int width = layer == 0 ? inputSize : _reversed.Length * hiddenSize;
            double[][] output = [.. sequence.Select(_ => new double[_reversed.Length * hiddenSize])];
            for (int way = 0; way < _reversed.Length; way++)
            {
                int slot = layer * _reversed.Length + way;
                string suffix = $"l{layer}" + (_reversed[way] ? "_reverse" : "");
                for (int step = 0; step < sequence.Length; step++)
                {
                    int t = _reversed[way] ? sequence.Length - 1 - step : step;
                    (h[slot], c[slot]) = Step(suffix, width, sequence[t], h[slot], c[slot]);
                    h[slot].CopyTo(output[t], way * hiddenSize);
                }
            }

            sequence = output;
        }

        return sequence;
    }

    private (double[] H, double[] C) Step(string suffix, int width, double[] x, double[] h, double[] c)
    {
        double[] next = new double[hiddenSize], memory = [.. c];
        double[] inputWeight = Of("weight_ih"), inputBias = Of("bias_ih"), stateWeight = Of("weight_hh"), stateBias = Of("bias_hh");
        for (int unit = 0; unit < hiddenSize; unit++)
        {
            switch (kind)
            {
                case CellKind.Sum:
                    next[unit] = h[unit] + x[unit];
                    break;
                case CellKind.Tanh:
                    next[unit] = Math.Tanh(OfInput(0, unit) + OfState(0, unit, h));
                    break;
                case CellKind.Relu:
                    double argument = OfInput(0, unit) + OfState(0, unit, h);
                    NearestKink = Math.Min(NearestKink, Math.Abs(argument));
                    next[unit] = argument > 0 ? argument : 0;
                    break;
                case CellKind.Lstm:
                    double input = Sigmoid(OfInput(0, unit) + OfState(0, unit, h));
                    double forget = Sigmoid(OfInput(1, unit) + OfState(1, unit, h));
                    double content = Math.Tanh(OfInput(2, unit) + OfState(2, unit, h));
                    double show = Sigmoid(OfInput(3, unit) + OfState(3, unit, h));
                    memory[unit] = forget * c[unit] + input * content;
                    next[unit] = show * Math.Tanh(memory[unit]);
                    break;
                case CellKind.Gru:
                    {
                        double reset = Sigmoid(OfInput(0, unit) + OfState(0, unit, h));
                        double update = Sigmoid(OfInput(1, unit) + OfState(1, unit, h));
                        double candidate = Math.Tanh(OfInput(2, unit) + reset * OfState(2, unit, h));
                        next[unit] = (1 - update) * candidate + update * h[unit];
                        break;
                    }

                case CellKind.GruBefore:
                    {
                        double update = Sigmoid(OfInput(1, unit) + OfState(1, unit, h));
                        double[] left = new double[hiddenSize];
                        for (int other = 0; other < hiddenSize; other++)
                            left[other] = Sigmoid(OfInput(0, other) + OfState(0, other, h)) * h[other];
                        double candidate = Math.Tanh(OfInput(2, unit) + OfState(2, unit, left));
                        next[unit] = (1 - update) * candidate + update * h[unit];
                        break;
                    }

                default:
                    throw new ArgumentOutOfRangeException(nameof(suffix), kind, "not a cell");
            }
        }

        return (next, memory);

        double[] Of(string name) => values.GetValueOrDefault($"{prefix}.{name}_{suffix}", []); // a sum has none

        double OfInput(int gate, int unit)
        {
            int row = gate * hiddenSize + unit;
            double sum = inputBias[row];
            for (int i = 0; i < width; i++) sum += inputWeight[row * width + i] * x[i];
            return sum;
        }

        double OfState(int gate, int unit, double[] state)
        {
            int row = gate * hiddenSize + unit;
            double sum = stateBias[row];
            for (int i = 0; i < hiddenSize; i++) sum += stateWeight[row * hiddenSize + i] * state[i];
            return sum;
        }
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
