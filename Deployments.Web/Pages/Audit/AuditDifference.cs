using System.Text.Json;

namespace Deployments.Web.Pages.Audit;

/// <summary>One property of a thing before and after a change.</summary>
/// <param name="Name">The property; empty where the thing is a value by itself.</param>
/// <param name="Before">Its value before; null when it had none.</param>
/// <param name="After">Its value after; null when it has none.</param>
public sealed record AuditDifference(string Name, string? Before, string? After)
{
    /// <summary>Whether the change changed it.</summary>
    public bool IsChanged => Before != After;

    /// <summary>
    /// Compares the two states of an audit event, property by property. What is empty in both is left out.
    /// </summary>
    /// <param name="before">JSON of the state before; null when there was none.</param>
    /// <param name="after">JSON of the state after; null when there is none.</param>
    public static IReadOnlyList<AuditDifference> Between(string? before, string? after)
    {
        var (old, now) = (Read(before), Read(after));
        return [.. old.Keys.Union(now.Keys, StringComparer.Ordinal)
            .Select(name => new AuditDifference(name, old.GetValueOrDefault(name), now.GetValueOrDefault(name)))
            .Where(difference => difference is not { Before: null or "", After: null or "" })];
    }

    static Dictionary<string, string> Read(string? json)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        if (json is null)
            return values;
        using var document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            values[""] = Text(document.RootElement);
            return values;
        }

        foreach (var property in document.RootElement.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Null)
                values[property.Name] = Text(property.Value);
        }

        return values;
    }

    static string Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
}
