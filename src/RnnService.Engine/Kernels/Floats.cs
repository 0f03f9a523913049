using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RnnService.Engine.Kernels;

/// <summary>
/// Floats from an address on, in memory that stays where it is, as that of a <see cref="Workspace"/> does. How many there are is the
/// responsibility of who asks for them: nothing is checked.
/// </summary>
internal readonly unsafe struct Floats(float* address)
{
    /// <summary>Those of a piece of memory that stays; none where it is empty.</summary>
    public Floats(ReadOnlySpan<float> memory)
        : this(memory.IsEmpty ? null : (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory)))
    {
    }

    /// <summary>Whether there are none.</summary>
    public bool IsNone => address == null;

    /// <summary>The address of the first.</summary>
    public float* Address => address;

    /// <summary>The floats from index <paramref name="first"/>; none of none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Floats From(nint first) => new(address == null ? null : address + first);

    /// <summary>The first <paramref name="count"/> of them.</summary>
    public Span<float> Span(int count) => new(address, count);

    /// <summary>A vector of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TVector Load<TVector>(int at) where TVector : struct, IVector<TVector> => TVector.Load(address + at);

    /// <summary>Writes a vector over them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<TVector>(int at, TVector value) where TVector : struct, IVector<TVector> => value.Store(address + at);
}
