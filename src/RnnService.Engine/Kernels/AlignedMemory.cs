using System.Runtime.CompilerServices;

namespace RnnService.Engine.Kernels;

/// <summary>Memory that starts on a cache line: a wide vector that lies across two of them takes twice the time.</summary>
internal static class AlignedMemory
{
    /// <summary>Bytes a cache line.</summary>
    public const int Line = 64;

    /// <summary>Floats with any content, at an address that is a multiple of <see cref="Line"/> and stays.</summary>
    public static unsafe Memory<float> Allocate(int length)
    {
        const int Floats = Line / sizeof(float);
        float[] block = GC.AllocateUninitializedArray<float>(length + Floats, pinned: true);
        nint address = (nint)Unsafe.AsPointer(ref block[0]);
        return block.AsMemory((int)(-address & (Line - 1)) / sizeof(float), length);
    }
}
