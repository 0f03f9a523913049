namespace RnnService.Onnx.Comparison;

/// <summary>What the numbers of an answer are: all but the last of them mean the probabilities of one softmax.</summary>
internal enum AnswerForm
{
    /// <summary>What the last layer gives.</summary>
    Logits,

    /// <summary>The logarithms of their softmax.</summary>
    LogSoftmax,

    /// <summary>Their softmax: probabilities that sum to one.</summary>
    Softmax,

    /// <summary>The sigmoid of each.</summary>
    Sigmoid,
}
