namespace Deployments.Web.Deletion;

/// <summary>It cannot be told which version is meant, or what is to be judged.</summary>
/// <param name="field">What is wrong; null: there is no such feed.</param>
/// <param name="problem">A sentence, without its subject where a field is.</param>
public sealed class DeletionException(string? field, string problem) : Exception(problem)
{
    /// <summary>The field that is wrong; null: there is no such feed.</summary>
    public string? Field { get; } = field;
}
