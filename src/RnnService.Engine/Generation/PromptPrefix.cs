using RnnService.Engine.Layers;

namespace RnnService.Engine.Generation;

/// <summary>What a network keeps of the beginning of a prompt, so that another stream of the same prompt need not read it. Immutable.</summary>
internal sealed class PromptPrefix(int tokens, RecurrentState state)
{
    /// <summary>Number of tokens that were read.</summary>
    public int Tokens => tokens;

    /// <summary>Bytes that it takes.</summary>
    public int Bytes => state.Bytes;

    /// <summary>The state after them, never written to.</summary>
    internal RecurrentState State => state;
}
