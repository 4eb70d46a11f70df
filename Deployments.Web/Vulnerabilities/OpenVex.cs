using System.Text.Json.Nodes;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Feeds;
using Deployments.Web.Records;

namespace Deployments.Web.Vulnerabilities;

/// <summary>Writes assessments as OpenVEX 0.2.0. See: the OpenVEX specification.</summary>
/// <param name="types">Know how package URLs are written.</param>
sealed class OpenVex(FeedTypeCatalog types)
{
    /// <summary>The document.</summary>
    /// <param name="versions">At least one: a document without statements is none.</param>
    /// <param name="changed">When what counts changed last.</param>
    public string Write(IReadOnlyList<AssessedVersion> versions, DateTimeOffset changed) => ExportedJson.Write(
        new JsonObject
        {
            ["@context"] = "https://openvex.dev/ns/v0.2.0",
            ["@id"] = null,
            ["author"] = "Deployments",
            ["timestamp"] = TimeText.Write(changed),
            ["version"] = 1,
            ["statements"] = new JsonArray([.. versions.GroupBy(version => version.AssessmentId)
                .OrderBy(group => group.First().Id, StringComparer.Ordinal).ThenBy(group => group.Key)
                .Select(group => Statement([.. group]))]),
        }, "@id");

    JsonObject Statement(IReadOnlyList<AssessedVersion> versions)
    {
        var one = versions[0];
        var statement = new JsonObject
        {
            ["vulnerability"] = Vulnerability(one),
            ["timestamp"] = TimeText.Write(one.AssessedAt),
            ["products"] = Products(versions),
        };
        switch (one.State)
        {
            // Either a justification or an impact statement, never both.
            case AssessmentState.NotAffected when one.Justification is not null:
                statement["status"] = "not_affected";
                statement["justification"] = one.Justification;
                statement["status_notes"] = one.Reason;
                break;
            case AssessmentState.NotAffected:
                statement["status"] = "not_affected";
                statement["impact_statement"] = one.Reason;
                break;
            case AssessmentState.Accepted:
                statement["status"] = "affected";
                statement["action_statement"] = AssessmentText.Acceptance(one);
                statement["action_statement_timestamp"] = TimeText.Write(one.AssessedAt);
                break;
            default:
                statement["status"] = "fixed";
                statement["status_notes"] = one.Reason;
                break;
        }

        return statement;
    }

    static JsonObject Vulnerability(AssessedVersion one)
    {
        var vulnerability = new JsonObject { ["name"] = one.Id };
        if (one.Summary.Length > 0)
            vulnerability["description"] = one.Summary;
        if (one.Aliases.Length > 0)
            vulnerability["aliases"] = new JsonArray(
                [.. one.Aliases.Order(StringComparer.Ordinal).Select(alias => JsonValue.Create(alias))]);
        return vulnerability;
    }

    // A target is the product and what runs there a part of it; without a target the versions themselves are meant.
    JsonArray Products(IReadOnlyList<AssessedVersion> versions)
    {
        var purls = versions
            .Select(row => ExportedJson.Purl(
                types, row.Type, new PackageCoordinates(row.Group, row.Name, row.Version, row.Qualifier)))
            .Distinct().Order(StringComparer.Ordinal)
            .Select(purl => (JsonNode)new JsonObject
            {
                ["@id"] = purl,
                ["identifiers"] = new JsonObject { ["purl"] = purl },
            });
        return versions[0].Target is { } target
            ? new JsonArray(new JsonObject
            {
                ["@id"] = ExportedJson.TargetUri(target),
                ["subcomponents"] = new JsonArray([.. purls]),
            })
            : new JsonArray([.. purls]);
    }
}
