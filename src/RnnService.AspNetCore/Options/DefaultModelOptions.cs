namespace RnnService.AspNetCore.Options;

/// <summary>The model that answers when a request names none.</summary>
public sealed record DefaultModelOptions
{
    /// <summary>Language model that answers when none is named, over HTTP at /generate. Empty, or as shipped and not there: the only one.</summary>
    public string Generate { get; set; } = "";

    /// <summary>Classifier that answers when none is named, over HTTP at /classify. Empty, or as shipped and not there: the only one.</summary>
    public string Classify { get; set; } = "";

    /// <summary>Tagger that answers when none is named, over HTTP at /tag. Empty, or as shipped and not there: the only one.</summary>
    public string Tag { get; set; } = "";
}
