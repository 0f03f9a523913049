namespace RnnService.Engine.Models;

/// <summary>What a model does with a text, or with a sequence of numbers.</summary>
public enum ModelTask
{
    /// <summary>Continues a text, token by token.</summary>
    LanguageModel,

    /// <summary>Gives a whole text or sequence one label.</summary>
    Classifier,

    /// <summary>Gives every word, or every step of a sequence, a label.</summary>
    Tagger,

    /// <summary>Reads one text and writes another.</summary>
    Translator,

    /// <summary>Gives a sequence of numbers, or every step of it, values.</summary>
    Regressor,

    /// <summary>Tells after every step of a sequence of numbers what comes next.</summary>
    Forecaster,

    /// <summary>Writes down what is said in a sequence of numbers, such as speech.</summary>
    Transcriber,
}
