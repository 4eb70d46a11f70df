using System.Text.Json;
using System.Text.RegularExpressions;

namespace Deployments.Web.Octopus;

/// <summary>What an event of an Octopus subscription says.</summary>
/// <param name="SpaceId">The space; empty: the server's default one.</param>
/// <param name="DeploymentIds">The deployments that it names; empty when it is about something else.</param>
sealed partial record OctopusEvent(string SpaceId, IReadOnlyList<string> DeploymentIds)
{
    /// <summary>Reads the body of a subscription's request; null when it is no such body.</summary>
    public static OctopusEvent? ParseOrNull(ReadOnlySpan<byte> body)
    {
        try
        {
            var json = JsonSerializer.Deserialize<JsonElement>(body);
            if (json.Child("Payload")?.Child("Event") is not { } told)
                return null;
            var ids = told.Texts("RelatedDocumentIds")
                .Where(id => id.StartsWith("Deployments-", StringComparison.OrdinalIgnoreCase) && IsId(id))
                .Distinct(StringComparer.Ordinal)
                .Take(10); // an event is about one
            var space = told.Text("SpaceId") is { } id && IsId(id) ? id : "";
            return new OctopusEvent(space, [.. ids]);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether a text looks like the id of an object of Octopus.</summary>
    public static bool IsId(string text) => Id().IsMatch(text);

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9-]{0,99}\z")]
    private static partial Regex Id();
}
