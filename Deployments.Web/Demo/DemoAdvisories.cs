using System.Globalization;
using System.Text.Json.Nodes;
using Deployments.Web.Feeds;
using Deployments.Web.Feeds.Versions;

namespace Deployments.Web.Demo;

/// <summary>
/// Invented advisories about packages of the invented history, in the OSV format: some that were fixed in time, some
/// whose fix is not everywhere yet, one without a fix. Pure.
/// </summary>
static class DemoAdvisories
{
    static readonly (string FeedType, string Summary, string Weakness, string Vector, double From, double? Fixed,
        int DaysAgo)[] Inventions =
    [
        ("nuget", "Deeply nested documents exhaust the stack", "a document that nests thousands of levels deep",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 0.3, 1, 45),
        ("npm", "Prototype pollution through query strings", "a query string that names `__proto__`",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 0.5, 1, 20),
        ("maven", "Paths in archives lead out of the directory", "an archive with `../` in the names of its entries",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:L/I:H/A:N", 0.2, 0.8, 160),
        ("pypi", "Log messages are read as templates", "a user name that looks like a template",
            "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:L/A:N", 0.6, null, 9),
        ("rubygems", "A regular expression takes exponential time", "a long line of blanks",
            "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:L", 0.1, 0.5, 300),
        ("cargo", "Reading behind the end of a buffer", "a message whose length field is larger than the message",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:H", 0.55, null, 30),
    ];

    /// <summary>The advisories, a line of JSON for each; none about a type that the history does not have.</summary>
    /// <param name="types">The feed types.</param>
    /// <param name="plan">The history.</param>
    /// <param name="now">Its end.</param>
    public static IEnumerable<string> Of(
        FeedTypeCatalog types, IReadOnlyList<DemoDeployment> plan, DateTimeOffset now)
    {
        for (var i = 0; i < Inventions.Length; i++)
        {
            var type = types[Inventions[i].FeedType];
            var deployed = plan.Where(d => d.FeedType == type.Key).GroupBy(d => d.Package.Name)
                .OrderByDescending(package => package.Count()).FirstOrDefault();
            if (deployed is null)
                continue;
            string[] versions =
            [
                .. deployed.Select(d => d.Package.Version).Distinct()
                    .OrderBy(type.VersionOrder.SortKey, SemVerSyntax.KeyOrder),
            ];
            yield return Write(i, type, deployed.First().Package, versions, now);
        }
    }

    static string Write(
        int i, IFeedType type, PackageCoordinates package, string[] versions, DateTimeOffset now)
    {
        var (_, summary, weakness, vector, from, fixedAt, daysAgo) = Inventions[i];
        var name = package.Group.Length == 0 ? package.Name
            : $"{package.Group}{(type.Key == "maven" ? ':' : '/')}{package.Name}";
        var first = Place(from);
        var events = new JsonArray(new JsonObject { ["introduced"] = versions[first] });
        if (fixedAt is { } share && Math.Max(first + 1, Place(share)) is var end && end < versions.Length)
            events.Add(new JsonObject { ["fixed"] = versions[end] });
        var published = now.AddDays(-daysAgo).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'",
            CultureInfo.InvariantCulture);
        return new JsonObject
        {
            ["id"] = $"DEMO-2026-{i + 1:0000}",
            ["modified"] = published,
            ["published"] = published,
            ["summary"] = summary,
            ["details"] = $"""
                ### Impact

                Whoever may send **{weakness}** to `{name}` harms the service that reads it. Invented for the demo.

                ### Workarounds

                * Refuse such input in front of the service.
                * Where that cannot be done, upgrade.
                """,
            ["severity"] = new JsonArray(new JsonObject { ["type"] = "CVSS_V3", ["score"] = vector }),
            ["affected"] = new JsonArray(new JsonObject
            {
                ["package"] = new JsonObject { ["ecosystem"] = type.OsvEcosystem, ["name"] = name },
                ["ranges"] = new JsonArray(new JsonObject { ["type"] = "ECOSYSTEM", ["events"] = events }),
            }),
        }.ToJsonString();

        int Place(double share) => (int)(share * (versions.Length - 1));
    }
}
