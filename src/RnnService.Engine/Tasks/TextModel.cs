namespace RnnService.Engine.Tasks;

/// <summary>A loaded model of any task. Immutable and safe for any number of threads.</summary>
public abstract class TextModel
{
    /// <summary>The model's configuration.</summary>
    public abstract ModelConfig Config { get; }
}
