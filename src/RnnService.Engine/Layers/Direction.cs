namespace RnnService.Engine.Layers;

/// <summary>Which ways a recurrent layer reads.</summary>
public enum Direction
{
    /// <summary>From the first step to the last.</summary>
    Forward,

    /// <summary>From each sequence's own last step to the first; outputs stand at their input's step.</summary>
    Reverse,

    /// <summary>Both, side by side: the forward output first.</summary>
    Bidirectional,
}
