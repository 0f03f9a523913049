namespace RnnService.AspNetCore.Errors;

/// <summary>The model is still being loaded, or the host is stopping: there is no answer now.</summary>
public sealed class ModelNotReadyException : InferenceException
{
    internal ModelNotReadyException(string message)
        : base(message)
    {
    }

    /// <summary>The host is stopping and takes no new work.</summary>
    internal static ModelNotReadyException Stopping() => new("the service is stopping");
}

/// <summary>There is no model of this name, or none that does this.</summary>
public sealed class ModelNotFoundException : InferenceException
{
    internal ModelNotFoundException(string message)
        : base(message)
    {
    }
}

/// <summary>The model's folder is there and could not be loaded.</summary>
public sealed class ModelBrokenException : InferenceException
{
    /// <param name="name">The model.</param>
    /// <param name="quoted">Its name as it stands in a sentence.</param>
    /// <param name="reason">What is wrong with its folder.</param>
    /// <param name="others">A clause that names the models there are.</param>
    internal ModelBrokenException(string name, string quoted, string reason, string others)
        : base($"the model {quoted} cannot be served: {reason}; {others}") => (Name, Reason, Others) = (name, reason, others);

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>What is wrong with its folder, in a sentence.</summary>
    public string Reason { get; }

    /// <summary>A clause that names the models there are.</summary>
    internal string Others { get; }
}

/// <summary>The model of this name does something else than was asked for, such as a tagger where a classifier was expected.</summary>
public sealed class ModelTaskException : InferenceException
{
    internal ModelTaskException(string message)
        : base(message)
    {
    }
}

/// <summary>No model was named, several do what was asked for, and none of them is the default.</summary>
public sealed class NoDefaultModelException : InferenceException
{
    /// <param name="task">What they do, such as <c>classifier</c>.</param>
    /// <param name="names">Their names, as a list for people.</param>
    internal NoDefaultModelException(string task, string names)
        : base($"no default {task} is set and several models are one; expected one of them by name: {names}") => Names = names;

    /// <summary>The names of those that could have been meant, as a list for people.</summary>
    public string Names { get; }
}
