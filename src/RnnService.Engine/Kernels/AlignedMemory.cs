using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RnnService.Engine.Kernels;

/// <summary>
/// Memory that starts on a cache line: a wide vector that lies across two of them takes twice the time. Large pieces lie in large pages
/// where the system gives them: a product goes through all of its weights at every step, and a processor knows the addresses of some
/// thousand pages at once; beyond that it looks each one up.
/// </summary>
internal static unsafe partial class AlignedMemory
{
    /// <summary>Bytes a cache line.</summary>
    public const int Line = 64;

    private const int LargePage = 2 << 20;

    /// <summary>Floats with any content, at an address that is a multiple of <see cref="Line"/> and stays.</summary>
    public static Memory<float> Allocate(int length)
    {
        int alignment = OperatingSystem.IsLinux() && length >= LargePage / sizeof(float) ? LargePage : Line;
        // Untouched memory costs addresses only: what alignment leaves out at both ends is never touched.
        float[] block = GC.AllocateUninitializedArray<float>(length + alignment / sizeof(float), pinned: true);
        nint address = (nint)Unsafe.AsPointer(ref block[0]), skipped = -address & (alignment - 1);
        if (alignment == LargePage) PreferLargePages(address + skipped, (nint)length * sizeof(float) & -LargePage);
        return block.AsMemory((int)(skipped / sizeof(float)), length);
    }

    /// <summary>Advice: where the system has no large page to give, or does not follow advice, the memory is as good as any other.</summary>
    private static void PreferLargePages(nint address, nint bytes)
    {
        const int HugePage = 14; // MADV_HUGEPAGE
        _ = Advise(address, bytes, HugePage);
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nint bytes, int advice);
}
