using System.Text.Json.Nodes;
using Deployments.Data.Findings;
using Deployments.Data.Inventory;
using Deployments.Data.Targets;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Feeds;
using Deployments.Web.Records;

namespace Deployments.Web.Vulnerabilities;

/// <summary>
/// Writes CycloneDX 1.6: what runs on a target as a bill of materials, and assessments as VEX. See: the CycloneDX
/// specification.
/// </summary>
/// <param name="types">Know how package URLs are written.</param>
sealed class CycloneDx(FeedTypeCatalog types)
{
    /// <summary>The media type of the documents.</summary>
    public const string MediaType = "application/vnd.cyclonedx+json; version=1.6";

    /// <summary>What runs on a target. Vulnerabilities are left out: they change while this stays.</summary>
    /// <param name="target">The target.</param>
    /// <param name="installed">What runs there; may be nothing.</param>
    /// <param name="at">The time that is meant; null for now, which is the time of the last deployment.</param>
    /// <param name="seen">What inventories show there beside that.</param>
    public string WriteSbom(
        string target, IReadOnlyList<InstalledRow> installed, DateTimeOffset? at, IReadOnlyList<ObservationRow> seen)
    {
        var components = installed
            .Select(row => Component(
                row.Type, new PackageCoordinates(row.Group, row.Name, row.Version, row.Qualifier),
                purl => purl,
                ("deployments:application", row.Application),
                ("deployments:deployedAt", TimeText.Write(row.DeployedAt)),
                ("deployments:deployedBy", row.User),
                ("deployments:feed", row.Feed)))
            .Concat(seen.Select(row => Component(
                row.Type, new PackageCoordinates(row.Group, row.Name, row.Version, row.Qualifier),
                purl => purl,
                ("deployments:firstSeenAt", TimeText.Write(row.FirstSeenAt)),
                ("deployments:lastSeenAt", TimeText.Write(row.LastSeenAt)))))
            .DistinctBy(Ref).OrderBy(Ref, StringComparer.Ordinal).ToList();
        var metadata = new JsonObject
        {
            ["timestamp"] = (at ?? installed.Select(row => row.DeployedAt).Concat(seen.Select(row => row.LastSeenAt))
                .Max(time => (DateTimeOffset?)time)) is { } time
                ? TimeText.Write(time)
                : null,
            ["tools"] = Tools(),
            ["component"] = Target(target),
        };
        if (metadata["timestamp"] is null)
            metadata.Remove("timestamp");
        return ExportedJson.Write(
            Document(metadata, new JsonArray([.. components]), "dependencies", new JsonArray(new JsonObject
            {
                ["ref"] = ExportedJson.TargetUri(target),
                ["dependsOn"] = new JsonArray([.. components.Select(one => JsonValue.Create(Ref(one)))]),
            })), "serialNumber");
    }

    /// <summary>What was decided about vulnerabilities; nothing where nothing was.</summary>
    /// <param name="versions">What is said of which versions.</param>
    /// <param name="changed">When what counts changed last; null: never.</param>
    public string WriteVex(IReadOnlyList<AssessedVersion> versions, DateTimeOffset? changed)
    {
        var metadata = new JsonObject { ["tools"] = Tools() };
        if (changed is { } time)
            metadata.Insert(0, "timestamp", TimeText.Write(time));
        return ExportedJson.Write(
            Document(metadata, Components(versions), "vulnerabilities", new JsonArray(
                [.. versions.GroupBy(version => version.AssessmentId)
                    .OrderBy(group => group.First().Id, StringComparer.Ordinal).ThenBy(group => group.Key)
                    .Select(group => Vulnerability([.. group]))])), "serialNumber");
    }

    static JsonObject Document(JsonObject metadata, JsonArray components, string member, JsonArray value) => new()
    {
        ["$schema"] = "http://cyclonedx.org/schema/bom-1.6.schema.json",
        ["bomFormat"] = "CycloneDX",
        ["specVersion"] = "1.6",
        ["serialNumber"] = null,
        ["version"] = 1,
        ["metadata"] = metadata,
        ["components"] = components,
        [member] = value,
    };

    static JsonObject Tools() => new()
    {
        ["components"] = new JsonArray(new JsonObject { ["type"] = "application", ["name"] = "Deployments" }),
    };

    static JsonObject Target(string target) => new()
    {
        ["type"] = "platform",
        ["bom-ref"] = ExportedJson.TargetUri(target),
        ["name"] = target,
    };

    static string Ref(JsonObject component) => (string)component["bom-ref"]!;

    // What is said for every target is about the version; for a target, about the version as part of it.
    JsonArray Components(IReadOnlyList<AssessedVersion> versions)
    {
        var everywhere = versions.Where(row => row.Target is null).Select(Component)
            .DistinctBy(Ref).OrderBy(Ref, StringComparer.Ordinal);
        var targets = versions.Where(row => row.Target is not null)
            .GroupBy(row => row.Target!, StringComparer.Ordinal).OrderBy(rows => rows.Key, StringComparer.Ordinal)
            .Select(rows =>
            {
                var target = Target(rows.Key);
                target["components"] = new JsonArray(
                    [.. rows.Select(Component).DistinctBy(Ref).OrderBy(Ref, StringComparer.Ordinal)]);
                return target;
            });
        return new JsonArray([.. everywhere, .. targets]);
    }

    JsonObject Component(AssessedVersion row) => Component(
        row.Type, new PackageCoordinates(row.Group, row.Name, row.Version, row.Qualifier),
        purl => row.Target is { } target ? $"{ExportedJson.TargetUri(target)}#{purl}" : purl);

    JsonObject Component(
        string type, PackageCoordinates package, Func<string, string> reference,
        params (string Name, string Value)[] properties)
    {
        var purl = ExportedJson.Purl(types, type, package);
        var component = new JsonObject
        {
            ["type"] = type is "docker" or "oci" ? "container" : "library",
            ["bom-ref"] = reference(purl),
        };
        if (package.Group.Length > 0)
            component["group"] = package.Group;
        component["name"] = package.Name;
        if (package.Version.Length > 0)
            component["version"] = package.Version;
        component["purl"] = purl;
        if (properties.Length > 0)
        {
            component["properties"] = new JsonArray([.. properties.Select(property =>
                new JsonObject { ["name"] = property.Name, ["value"] = property.Value })]);
        }

        return component;
    }

    JsonObject Vulnerability(IReadOnlyList<AssessedVersion> versions)
    {
        var one = versions[0];
        var vulnerability = new JsonObject
        {
            ["bom-ref"] = $"assessment-{one.AssessmentId}",
            ["id"] = one.Id,
        };
        if (one.Aliases.Length > 0)
        {
            vulnerability["references"] = new JsonArray([.. one.Aliases.Order(StringComparer.Ordinal).Select(alias =>
                new JsonObject
                {
                    ["id"] = alias,
                    ["source"] = new JsonObject { ["name"] = alias.Split('-')[0] },
                })]);
        }

        if (Rating(one) is { } rating)
            vulnerability["ratings"] = new JsonArray(rating);
        if (one.Summary.Length > 0)
            vulnerability["description"] = one.Summary;
        if (one.PublishedAt is { } published)
            vulnerability["published"] = TimeText.Write(published);
        vulnerability["updated"] = TimeText.Write(one.ModifiedAt);
        vulnerability["analysis"] = Analysis(one);
        vulnerability["affects"] = new JsonArray([.. versions.Select(row => Ref(Component(row))).Distinct()
            .Order(StringComparer.Ordinal).Select(reference => new JsonObject { ["ref"] = reference })]);
        return vulnerability;
    }

    static JsonObject? Rating(AssessedVersion one)
    {
        if (one.Severity == SeverityLevel.Unknown)
            return null;
        var rating = new JsonObject();
        if (one.Score is { } score)
            rating["score"] = score;
        rating["severity"] = one.Severity.ToString().ToLowerInvariant();
        var method = one.SeveritySource.Split('/')[0] switch
        {
            "CVSS:3.0" => "CVSSv3",
            "CVSS:3.1" => "CVSSv31",
            "CVSS:4.0" => "CVSSv4",
            _ => null,
        };
        if (method is not null)
        {
            rating["method"] = method;
            rating["vector"] = one.SeveritySource;
        }

        return rating;
    }

    static JsonObject Analysis(AssessedVersion one)
    {
        var analysis = new JsonObject
        {
            ["state"] = one.State switch
            {
                AssessmentState.NotAffected => "not_affected",
                AssessmentState.Accepted => "exploitable",
                _ => "resolved",
            },
        };
        if (Justification(one.Justification) is { } justification)
            analysis["justification"] = justification;
        if (one.State != AssessmentState.NotAffected)
        {
            analysis["response"] = new JsonArray(
                one.State == AssessmentState.Accepted ? "will_not_fix" : "workaround_available");
        }

        analysis["detail"] = one.State == AssessmentState.Accepted ? AssessmentText.Acceptance(one) : one.Reason;
        analysis["firstIssued"] = TimeText.Write(one.AssessedAt);
        analysis["lastUpdated"] = TimeText.Write(one.AssessedAt);
        return analysis;
    }

    // The nearest of CycloneDX's words for each of OpenVEX's.
    static string? Justification(string? openVex) => openVex switch
    {
        "component_not_present" or "vulnerable_code_not_present" => "code_not_present",
        "vulnerable_code_not_in_execute_path" => "code_not_reachable",
        "vulnerable_code_cannot_be_controlled_by_adversary" => "requires_environment",
        "inline_mitigations_already_exist" => "protected_by_mitigating_control",
        _ => null,
    };
}
