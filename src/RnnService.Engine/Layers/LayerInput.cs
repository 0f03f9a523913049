namespace RnnService.Engine.Layers;

/// <summary>What a recurrent layer reads: rows of values [R,D], or the token ids [R] whose embeddings they are; never both.</summary>
internal readonly record struct LayerInput(ReadOnlyMemory<float> Values, ReadOnlyMemory<int> Ids)
{
    /// <summary>Whether it is token ids.</summary>
    public bool IsIds => Values.IsEmpty && !Ids.IsEmpty;

    public static LayerInput OfValues(ReadOnlyMemory<float> values) => new(values, default);

    public static LayerInput OfIds(ReadOnlyMemory<int> ids) => new(default, ids);
}
