using System.Text.Json;

namespace Deployments.Web.Api;

/// <summary>
/// Whether JSON can be kept: its grammar allows what neither text nor PostgreSQL's <c>jsonb</c> can hold. Pure.
/// </summary>
static class StorableJson
{
    /// <summary>
    /// What is wrong with a document, anywhere in it: a sentence without its subject. Null when nothing is.
    /// </summary>
    public static string? ProblemOrNull(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => TextProblem(json.GetString),
        // jsonb holds numbers of 131,072 digits; nobody who means one needs more than a double does.
        JsonValueKind.Number when !double.IsFinite(json.GetDouble()) => "must not contain a number beyond 1e308",
        JsonValueKind.Array => json.EnumerateArray()
            .Select(ProblemOrNull)
            .FirstOrDefault(problem => problem is not null),
        JsonValueKind.Object => json.EnumerateObject()
            .Select(property => NameProblemOrNull(property) ?? ProblemOrNull(property.Value))
            .FirstOrDefault(problem => problem is not null),
        _ => null,
    };

    /// <summary>What is wrong with a property's name. Null when nothing is.</summary>
    public static string? NameProblemOrNull(JsonProperty property) => TextProblem(() => property.Name);

    static string? TextProblem(Func<string?> text)
    {
        try
        {
            return text()!.Contains('\0', StringComparison.Ordinal) ? "must not contain control characters" : null;
        }
        catch (InvalidOperationException)
        {
            return "is not text"; // of a surrogate pair, as an escape such as \ud800 can write it
        }
    }
}
