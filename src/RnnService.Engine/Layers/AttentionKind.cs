namespace RnnService.Engine.Layers;

/// <summary>How a decoder finds in its source what its next token needs.</summary>
public enum AttentionKind
{
    /// <summary>Not at all: the source is what the first state holds of it (Sutskever et al. 2014).</summary>
    None,

    /// <summary>score = v·tanh(W h + U s + b) (Bahdanau et al. 2015).</summary>
    Additive,

    /// <summary>score = s·W h (Luong et al. 2015, "general").</summary>
    Multiplicative,
}
