using System.Numerics.Tensors;
using RnnService.Engine.Weights;

namespace RnnService.Training.Runs;

/// <summary>
/// Weight drop (Merity, Keskar and Socher 2018): DropConnect (Wan et al. 2013) on the recurrent matrices. One mask a step serves all sequences and steps of
/// time, and depends on the seed and the step alone. While weights are dropped the model's are the dropped ones.
/// </summary>
internal sealed class WeightDrop
{
    private const ulong Stream = 0xD50BC077;

    private readonly Parameter[] _matrices;
    private readonly float[][] _whole, _masks; // one a matrix, laid out like it
    private readonly ulong _seed;
    private readonly float _rate;

    /// <summary>For the recurrent matrices among these parameters.</summary>
    public WeightDrop(Parameters parameters, ulong seed, float rate)
    {
        (_seed, _rate) = (seed, rate);
        _matrices = [.. parameters.All.Where(parameter => parameter.Name.Contains(".weight_hh_", StringComparison.Ordinal))];
        _whole = [.. _matrices.Select(matrix => new float[matrix.Values.Length])];
        _masks = [.. _matrices.Select(matrix => new float[matrix.Values.Length])];
    }

    /// <summary>Drops weights of a step, and scales the others by 1/(1−rate). Layers must be refreshed afterwards.</summary>
    public void Drop(long step)
    {
        float kept = 1 / (1 - _rate);
        for (int i = 0; i < _matrices.Length; i++)
        {
            var random = new RandomSource(_seed, Stream, (ulong)step, (ulong)_matrices[i].Index);
            foreach (ref float value in _masks[i].AsSpan()) value = random.Uniform() < _rate ? 0 : kept;
            _matrices[i].Data.CopyTo(_whole[i], 0);
            TensorPrimitives.Multiply(_whole[i], _masks[i], _matrices[i].Data);
        }
    }

    /// <summary>Puts the weights back, and turns the gradients of the dropped weights into theirs. Layers must be refreshed afterwards.</summary>
    public void Restore(Gradients gradients)
    {
        for (int i = 0; i < _matrices.Length; i++)
        {
            _whole[i].CopyTo(_matrices[i].Data, 0);
            Span<float> gradient = gradients.Of(_matrices[i]);
            TensorPrimitives.Multiply(gradient, _masks[i], gradient);
        }
    }
}
