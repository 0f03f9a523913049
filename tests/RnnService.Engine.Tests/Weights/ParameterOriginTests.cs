using System.Runtime.CompilerServices;
using RnnService.Engine.Kernels;
using RnnService.Engine.Weights;
using Xunit;

namespace RnnService.Engine.Tests.Weights;

/// <summary>Where values come from.</summary>
public sealed class ParameterOriginTests
{
    [Fact]
    public void What_the_values_came_from_is_let_go_of_once_a_model_is_built()
    {
        (Parameters parameters, WeakReference file) = Built();
        GC.Collect();
        Assert.False(file.IsAlive);
        Assert.Equal(2, parameters.All[0].Values[0]);
        Assert.Throws<InvalidOperationException>(() => parameters.Add("more", Initializer.Zero, 1));
        GC.KeepAlive(parameters);
    }

    // Apart, so that no local keeps it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static (Parameters Parameters, WeakReference File) Built()
    {
        byte[] file = [2];
        var parameters = Parameters.From((_, _) => [file[0]], typeOf: _ => file[0] == 2 ? ElementType.F16 : ElementType.F32);
        parameters.Add("one", Initializer.Zero, 1);
        parameters.Close();
        return (parameters, new WeakReference(file));
    }
}
