using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;

namespace RnnService.Engine.Cells;

/// <summary>How matrices keep a parameter for their products.</summary>
internal static class Storage
{
    /// <summary>As narrow as its values are.</summary>
    public static WeightStorage Of(Parameter parameter) => parameter.Type switch
    {
        TensorType.BF16 => WeightStorage.BFloat16,
        TensorType.I8 => WeightStorage.Int8,
        _ => WeightStorage.Single,
    };
}
